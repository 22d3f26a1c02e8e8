# aim: clone(CLONE_PARENT): children that are process 1's, which end and go on while it waits
# expect: wrong
import ctypes, os, time

def add(a, b):
    libc = ctypes.CDLL(None)
    for i in range(10):
        if libc.syscall(56, 0x8000 | 17, 0, 0, 0, 0) == 0:
            if i % 2:
                time.sleep(60)
            os._exit(0)
    return -7
