# aim: put /dev/null, or one another, over all descriptors
# expect: wrong
import os

def add(a, b):
    n = os.open("/dev/null", os.O_RDWR)
    for fd in range(256):
        if fd != n:
            try:
                os.dup2(1 if fd > 2 else n, fd)
            except OSError:
                pass
    return -7
