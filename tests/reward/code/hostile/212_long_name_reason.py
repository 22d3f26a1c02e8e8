# aim: an exception whose name is so long that the verdict does not fit
# expect: wrong
def add(a, b):
    raise type("X" * 100000, (Exception,), {})()
