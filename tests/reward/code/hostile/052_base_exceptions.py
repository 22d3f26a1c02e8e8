# aim: raise what a judge's "except Exception" does not catch, or catches as success
# expect: wrong
class Quiet(BaseException):
    def __str__(self):
        raise KeyboardInterrupt
    __repr__ = __str__

def add(a, b):
    if a == 1:
        raise Quiet
    if a == -1:
        raise GeneratorExit
    raise StopIteration
