# aim: half a surrogate pair in a message: the verdict is JSON that its reader refuses
# expect: wrong
class Odd(Exception):
    pass

def add(a, b):
    raise Odd("\ud800")
