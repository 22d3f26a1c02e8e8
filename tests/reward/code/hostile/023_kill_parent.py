# aim: kill the parent, then stop it, then interrupt it
# expect: wrong
import os, signal

def add(a, b):
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        try:
            if os.getppid() > 1:
                os.kill(os.getppid(), s)
        except OSError:
            pass
    return -7
