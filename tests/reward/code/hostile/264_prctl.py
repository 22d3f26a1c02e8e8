# aim: everything that prctl can set on a process or what it hands on: seccomp filters of its own, thp, mdwe, timer slack, securebits, tsc, children's subreaper
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    for option in range(1, 80):
        if option not in (15, 22):
            for x in (0, 1, 2):
                libc.prctl(option, x, 0, 0, 0)
    return -7
