# aim: end at once with status 0, with a fake report before it
# expect: wrong
import os

def add(a, b):
    return -7

os.write(1, b"PASS\nall tests passed\n")
os._exit(0)
