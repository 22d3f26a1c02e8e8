# aim: hold the machine's disks up, and be in a state that no signal ends
# expect: wrong
import os

def add(a, b):
    for _ in range(10):
        if os.fork() == 0:
            for _ in range(200):
                os.sync()
            os._exit(0)
    for _ in range(20):
        os.sync()
    return -7
