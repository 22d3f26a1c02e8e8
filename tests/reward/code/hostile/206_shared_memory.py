# aim: shared anonymous memory is no private memory: five children with 300 MiB each, who get none (the sum is right)
# timeout: 6
# expect: correct
import ctypes, mmap, os, time

def use(flags, size):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    ctypes.memset(libc.mmap(None, size, 3, flags | mmap.MAP_ANONYMOUS, -1, 0), 1, size)

def add(a, b):
    def fork():
        for child in range(5):
            if os.fork() == 0:
                use(mmap.MAP_SHARED, 300 << 20)
                time.sleep(1)
                os._exit(0)
        for child in range(5):
            os.wait()
    fork()
    return a + b
