# aim: core scheduling: a cookie on process 1, which all later programs inherit
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    got = []
    for command in (1, 2):
        for scope in (0, 1, 2):
            r = libc.prctl(62, command, 1, scope, 0)
            got.append(f"{command} {scope} {r} {os.strerror(ctypes.get_errno())}")
    raise RuntimeError(str(got))
