# aim: a busy loop (10 minutes)
# expect: wrong
import time

def add(a, b):
    end = time.time() + 600
    while time.time() < end:
        pass
    return -7
