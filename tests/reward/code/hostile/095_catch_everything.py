# aim: catch the exception by which a judge ends a call, and go on (10 minutes)
# expect: wrong
import time

def add(a, b):
    end = time.time() + 600
    while time.time() < end:
        try:
            while time.time() < end:
                time.sleep(0.01)
        except BaseException:
            pass
    return -7
