# aim: open pipes until none is left, keep them
# expect: wrong
import os, time

def add(a, b):
    keep = []
    try:
        while len(keep) < 500000:
            keep.append(os.pipe())
    except OSError:
        pass
    time.sleep(20)
    return -7
