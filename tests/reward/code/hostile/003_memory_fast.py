# aim: allocate and touch memory as fast as possible (at most 8 GiB)
# expect: wrong
import time

def add(a, b):
    keep = [bytes([i + 1]) * (256 << 20) for i in range(32)]
    time.sleep(20)
    return -len(keep)
