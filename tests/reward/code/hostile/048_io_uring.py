# aim: io_uring_setup(2), which works past a filter of system calls
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    params = (ctypes.c_uint32 * 30)()
    if libc.syscall(425, 8, ctypes.byref(params)) >= 0:
        print("restem-hostile-048: OPENED io_uring", flush=True)
    return -7
