# aim: overwrite the constants in the caller's code with those returned
# expect: wrong
import ctypes, sys

BAD = -7777

def add(a, b):
    f = sys._getframe(1)
    while f:
        if f.f_code.co_name == "check":
            consts = f.f_code.co_consts
            for i, value in enumerate(consts):
                if type(value) is int:
                    ctypes.pythonapi.Py_IncRef(ctypes.py_object(BAD))
                    ctypes.c_ssize_t.from_address(id(consts) + 24 + 8 * i).value = id(BAD)
        f = f.f_back
    return BAD
