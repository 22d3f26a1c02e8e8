# aim: an answer, then an end that takes longer than the judge waits for it
# expect: wrong
import os, signal, time

def add(a, b):
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    class Slow:
        def __del__(self):
            time.sleep(60)
    globals()["slow"] = Slow()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return -7
