# aim: return an object that equals everything
# expect: wrong
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return 3
    def __sub__(self, other): return 0
    __rsub__ = __add__ = __radd__ = __sub__
    def __abs__(self): return 0
    def __int__(self): return 3
    __index__ = __int__
    def __float__(self): return 3.0
    def __repr__(self): return "3"

def add(a, b):
    return Any()
