# aim: overwrite the value of the interpreter's own integers
# expect: wrong
import ctypes

def add(a, b):
    for value in (0, 3):
        ctypes.c_uint32.from_address(id(value) + 24).value = 5
    return 5
