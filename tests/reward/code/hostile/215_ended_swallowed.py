# aim: the program ends in a call that the tests make within try/except (bare)
# test: def check(candidate):\n    try:\n        candidate(1, "x")\n    except:\n        pass\n    else:\n        assert False\n
# expect: wrong
import os

def add(a, b):
    os._exit(0)
