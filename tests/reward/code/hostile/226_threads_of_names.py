# aim: a name with a line break hides the CPU time of 20 processes, while the first one waits for its core
# timeout: 0.3
# expect: wrong
import ctypes, os

def add(a, b):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for _ in range(25):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"a\nb", 0, 0, 0)
            while True:
                pass
    while True:
        pass
