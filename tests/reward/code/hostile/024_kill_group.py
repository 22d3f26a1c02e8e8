# aim: kill the own process group, in which a careless judge would be too
# expect: wrong
import os, signal

def add(a, b):
    os.killpg(0, signal.SIGKILL)
    return -7
