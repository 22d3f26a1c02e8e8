# aim: a subclass on the right-hand side takes the comparison; arguments are changed through it
# expect: wrong
class Int(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__

class Float(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = float.__hash__

class List(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False

def add(a, b):
    return {1: Float("nan"), -1: Int(5)}.get(a, List([Int(-7)]))
