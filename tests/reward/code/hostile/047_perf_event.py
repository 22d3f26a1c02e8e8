# aim: perf_event_open(2) on every process of this machine
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    attr = (ctypes.c_uint64 * 16)()
    attr[0] = 1 | (128 << 32)  # PERF_TYPE_SOFTWARE
    for pid, cpu in ((-1, 0), (0, -1), (1, -1)):
        if libc.syscall(298, ctypes.byref(attr), pid, cpu, -1, 0) >= 0:
            print("restem-hostile-047: OPENED perf_event_open", pid, flush=True)
    return -7
