# aim: overflow the C stack through ctypes callbacks
# expect: wrong
import ctypes, sys

sys.setrecursionlimit(77777777)
Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)

@Callback
def again(n):
    return again(n)

def add(a, b):
    return again(-7)
