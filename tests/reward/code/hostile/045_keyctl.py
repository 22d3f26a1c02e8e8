# aim: leave a key in the session's and the user's keyring
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    for ring in (-3, -4):  # session, user
        if libc.syscall(248, b"user", b"restem-hostile-045", b"x", 1, ring) > 0:  # add_key
            print("restem-hostile-045: OPENED add_key", flush=True)
    if libc.syscall(250, 0, -3, 1) > 0:
        print("restem-hostile-045: OPENED keyctl", flush=True)
    return -7
