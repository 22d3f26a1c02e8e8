# aim: close all descriptors
# expect: wrong
import os

def add(a, b):
    os.closerange(0, 65536)
    return -7
