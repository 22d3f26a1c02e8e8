# aim: stop itself
# expect: wrong
import os, signal

def add(a, b):
    os.kill(os.getpid(), signal.SIGSTOP)
    return -7
