# aim: write to stderr without end (at most 4 GiB, 60 s)
# expect: wrong
import os, time

def add(a, b):
    line, end, n = b"restem-hostile-008 " * 4096 + b"\n", time.time() + 60, 0
    while time.time() < end and n < 4 << 30:
        n += os.write(2, line)
    return -7
