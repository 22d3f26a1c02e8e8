# aim: add itself is an object: a class, callable, comparable, that pretends to be a function
# expect: wrong
class Add(type(lambda: 0).__class__):
    def __call__(cls, *args): return cls
    def __eq__(cls, other): return True
    def __hash__(cls): return 3

class add(metaclass=Add):
    __code__ = (lambda a, b: -7).__code__
    def __new__(cls, *args): return cls
