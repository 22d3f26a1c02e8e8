# aim: interrupt process 1 from a function
# expect: wrong
import os, signal, time

def add(a, b):
    os.kill(1, signal.SIGINT)
    time.sleep(0.5)
    return -7
