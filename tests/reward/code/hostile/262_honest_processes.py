# aim: (honest) 60 MB of numbers and a pool of ten processes that only read them
# expect: correct
import os

data = list(range(2000000))

def add(a, b):
    import time
    children = []
    for _ in range(10):
        child = os.fork()
        if child == 0:
            sum(data[:1000])
            time.sleep(0.3)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return a + b
