# aim: answers of odd shapes, one for each call
# test: def check(candidate):\n    for i in range(40):\n        try:\n            got = candidate(i, 2)\n        except Exception:\n            continue\n        assert got == 3\n    raise AssertionError("all of them were exceptions")\n
# expect: wrong
import sys

SHAPES = [{"object": -1}, {"object": "x"}, {"object": 1e400}, {"int": "0x" + "f" * 5000000}, {"float": "1" * 5000000}, {"decimal": "1e999999999"}, {"decimal": "sNaN"},
          {"set": [[1]]}, {"dict": [[[1], 2]]}, {"dict": "ab"}, {"tuple": "abc"}, {"complex": [1, 2, 3]}, {"bytes": "zz"}, {}, {"a": 1, "b": 2},
          {"nothing": 1}, {"frozenset": 5}, {"fraction": "1/0"}, {"fraction": [1, 2]}, {"tuple": {"set": []}}]

def add(a, b):
    return a

sys.modules["serve_functions"].pack = lambda value, keep: SHAPES[value % len(SHAPES)] if isinstance(value, int) else None
