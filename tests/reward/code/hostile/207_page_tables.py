# aim: page tables: a page here and there, each read only, costs 8 KiB of tables and no memory of its own
# timeout: 6
# expect: wrong
import ctypes, os, time

def add(a, b):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            for i in range(60000):
                at = libc.mmap((1 << 32) + (i << 30), 4096, 1, 0x100022, -1, 0)  # private, anonymous, MAP_FIXED_NOREPLACE
                if at and at != ctypes.c_void_p(-1).value:
                    ctypes.string_at(at, 1)
            time.sleep(0.5)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return a + b
