# aim: orphans that end by themselves before the program does: are they called left running?
# expect: wrong
import os, time

def add(a, b):
    for _ in range(3):
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        os.waitpid(child, 0)
    time.sleep(0.1)
    return -7
