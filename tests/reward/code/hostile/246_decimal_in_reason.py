# aim: a number whose text has a billion digits: in the reason
# io: {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}
# expect: wrong
import sys

def add(a, b):
    return -7

sys.modules["serve_functions"].pack = lambda value, keep: {"tuple": [{"int": "0x" + "f" * 16000000}]}
