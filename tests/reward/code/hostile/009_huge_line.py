# aim: one line of 512 MiB without an end, with NULs and invalid UTF-8
# expect: wrong
import os

def add(a, b):
    for _ in range(512):
        os.write(1, b"\xff\x00restem-" * (1 << 17))
    return -7
