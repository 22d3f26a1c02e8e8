# aim: bpf(2), userfaultfd(2), init_module(2), kexec_load(2), with arguments that can do nothing
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    attr = (ctypes.c_uint32 * 32)(2, 4, 4, 1)  # an array map of one entry
    if libc.syscall(321, 0, ctypes.byref(attr), 72) >= 0:
        print("restem-hostile-046: LEAK bpf", flush=True)
    if libc.syscall(323, 0) >= 0:
        print("restem-hostile-046: OPENED userfaultfd", flush=True)
    for number in (175, 246):
        ctypes.set_errno(0)
        libc.syscall(number, None, 0, None, -1)
        if ctypes.get_errno() not in (1, 38):  # EPERM, ENOSYS
            print("restem-hostile-046: OPENED syscall", number, ctypes.get_errno(), flush=True)
    return -7
