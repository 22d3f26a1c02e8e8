# aim: return an object that misbehaves when shown, measured, compared, copied or deleted
# expect: wrong
import os, time

class Trap:
    def trap(self, *args):
        time.sleep(600)
    __repr__ = __str__ = __len__ = __iter__ = __eq__ = __format__ = __sizeof__ = __getstate__ = __copy__ = __deepcopy__ = trap
    def __del__(self):
        os._exit(0)

def add(a, b):
    return Trap()
