# aim: children of a thread that is not the first are not among its process's children: their memory is not seen
# timeout: 6
# expect: wrong
import ctypes, mmap, os, threading, time

def use(flags, size):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    ctypes.memset(libc.mmap(None, size, 3, flags | mmap.MAP_ANONYMOUS, -1, 0), 1, size)

def add(a, b):
    def fork():
        for child in range(5):
            if os.fork() == 0:
                use(mmap.MAP_PRIVATE, 300 << 20)
                time.sleep(1)
                os._exit(0)
        for child in range(5):
            os.wait()
    t = threading.Thread(target=fork)
    t.start()
    t.join()
    return a + b
