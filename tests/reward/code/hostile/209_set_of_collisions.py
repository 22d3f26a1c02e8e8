# aim: a set whose items have one hash: the tests' process builds it in quadratic time and runs out of its own time
# expect: wrong
import sys

def add(a, b):
    return -7

sys.modules["serve_functions"].pack = lambda value, keep: {"set": [k * (2**61 - 1) for k in range(200000)]}
