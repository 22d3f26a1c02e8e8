# aim: {"fraction": "1e60000000"}: the tests' process computes the power
# expect: wrong
import sys

def add(a, b):
    return -7

sys.modules["serve_functions"].pack = lambda value, keep: {"fraction": "1e60000000"}
