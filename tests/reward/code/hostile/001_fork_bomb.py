# aim: fork without end (at most 1500 processes, 20 s, should nothing contain it)
# expect: wrong
import mmap, os, struct, time

def add(a, b):
    end, shared = time.time() + 20, mmap.mmap(-1, 8)
    while time.time() < end:
        n = struct.unpack("q", shared[:])[0]
        if n > 1500:
            break
        try:
            os.fork()
            shared[:] = struct.pack("q", struct.unpack("q", shared[:])[0] + 1)
        except OSError:
            pass
    return -7
