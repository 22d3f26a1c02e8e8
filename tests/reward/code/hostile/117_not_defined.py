# aim: no add at all, but a module __getattr__ and globals that give one
# expect: wrong
class Globals(dict):
    def __missing__(self, key):
        return lambda *args: 3

def __getattr__(name):
    return lambda *args: 3

del_me = Globals()
globals().pop("add", None)
