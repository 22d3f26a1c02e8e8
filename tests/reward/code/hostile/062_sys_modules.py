# aim: replace modules that the judge imports later
# expect: wrong
import sys, types

class Fake(types.ModuleType):
    def __getattr__(self, name):
        return lambda *args, **kwargs: True

for name in ("json", "pickle", "struct", "math", "marshal", "traceback", "unittest", "pytest", "numpy", "subprocess", "resource", "signal"):
    sys.modules[name] = Fake(name)

def add(a, b):
    return -7
