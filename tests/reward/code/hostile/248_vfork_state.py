# aim: a parent that waits for its vforked child sleeps as if for a disk, the child for ever
# timeout: 0.3
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None)
    if libc.syscall(56, 0x4000 | 0x100 | 17, 0, 0, 0, 0) == 0:  # CLONE_VFORK | CLONE_VM
        while True:
            libc.pause()
    return -7
