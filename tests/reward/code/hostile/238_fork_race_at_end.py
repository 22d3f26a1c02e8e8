# aim: processes that fork and end as fast as they can while everything is killed
# expect: wrong
import os

def add(a, b):
    for _ in range(12):
        if os.fork() == 0:
            while True:
                try:
                    if os.fork():
                        os._exit(0)
                    os.setsid()
                except OSError:
                    pass
    return -7
