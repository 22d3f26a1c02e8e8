# aim: children of a second thread burn the core that the first one waits for
# timeout: 0.3
# expect: wrong
import os, threading

def add(a, b):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    def fork():
        for _ in range(25):
            if os.fork() == 0:
                while True:
                    pass
        threading.Event().wait()
    threading.Thread(target=fork, daemon=True).start()
    while True:
        pass
