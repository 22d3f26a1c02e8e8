# aim: one long call in C that no signal handler of Python interrupts
# expect: wrong
def add(a, b):
    return -len(str(7 ** (7 ** 10)))
