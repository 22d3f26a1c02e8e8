# aim: the first thread is SCHED_IDLE on a core that others burn: it waits, and waiting does not count
# timeout: 0.3
# expect: wrong
import os

def add(a, b):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.sched_setscheduler
    for _ in range(25):
        if os.fork() == 0:
            while True:
                if os.fork() == 0:
                    import time
                    stop = time.process_time() + 0.05
                    while time.process_time() < stop:
                        pass
                    os._exit(0)
                os.wait()
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass
