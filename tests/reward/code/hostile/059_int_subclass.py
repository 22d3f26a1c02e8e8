# aim: return an int (and say so) whose comparison is true
# expect: wrong
class Int(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 3
    def __repr__(self): return "3"
    __class__ = int

Int.__name__ = Int.__qualname__ = "int"
Int.__module__ = "builtins"

def add(a, b):
    return Int(-7)
