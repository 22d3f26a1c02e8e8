# aim: answers whose comparison takes the tests' process all its time: nested lists shared many times
# expect: wrong
import sys

def add(a, b):
    return -7

sys.modules["serve_functions"].pack = lambda value, keep: {"dict": [[k * (2**61 - 1), 0] for k in range(200000)]}
