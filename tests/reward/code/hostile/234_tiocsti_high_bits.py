# aim: ioctl(TIOCSTI) with a high bit set, which the kernel does not see and the filter does
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    r = libc.syscall(16, 0, ctypes.c_ulong(0x5412), b"x")
    plain = ctypes.get_errno()
    ctypes.set_errno(0)
    libc.syscall(16, 0, ctypes.c_ulong(0x100005412), b"x")
    high = ctypes.get_errno()
    raise RuntimeError(f"plain {os.strerror(plain)}, high {os.strerror(high)}")
