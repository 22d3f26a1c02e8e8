# aim: shared memory that is given back to the kernel's tables but not to its files: MADV_DONTNEED keeps the pages, so that even RssShmem is small; there is none to be had (the sum is right)
# timeout: 6
# expect: correct
import ctypes, mmap, os, time

def add(a, b):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for child in range(5):
        if os.fork() == 0:
            for part in range(30):
                at = libc.mmap(None, 10 << 20, 3, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, -1, 0)
                ctypes.memset(at, 1, 10 << 20)
                libc.madvise(at, 10 << 20, mmap.MADV_DONTNEED)
            time.sleep(1)
            os._exit(0)
    for child in range(5):
        os.wait()
    return a + b
