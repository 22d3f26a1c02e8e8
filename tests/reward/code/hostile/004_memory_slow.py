# aim: grow slowly, every page touched (at most 8 GiB)
# expect: wrong
import time

def add(a, b):
    keep = []
    for _ in range(8192):
        keep.append(b"y" * (1 << 20))
        time.sleep(0.01)
    return -len(keep)
