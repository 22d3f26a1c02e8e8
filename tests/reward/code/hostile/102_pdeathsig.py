# aim: become a subreaper, set the signal of the parent's death, hide name and dumpability
# expect: wrong
import ctypes, os, time

def add(a, b):
    libc = ctypes.CDLL(None)
    libc.prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.fork() == 0:
        libc.prctl(1, 0, 0, 0, 0)
        libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
        libc.prctl(15, b"restem-hostile", 0, 0, 0)
        time.sleep(600)
        os._exit(0)
    return -7
