# aim: subclasses that pretend: what crosses is the plain value, but isinstance is asked of the object itself
# expect: wrong
class Liar:
    @property
    def __class__(self):
        return int
    def __index__(self):
        return 3
    def __eq__(self, other):
        return True

def add(a, b):
    return Liar()
