# aim: an answer that ends the tests' own generator
# test: def check(candidate):\n    def cases():\n        yield candidate(1, 2), 3\n        yield candidate(2, 2), 4\n    for got, want in cases():\n        assert got == want\n
# expect: wrong
import sys
def add(a, b):
    raise GeneratorExit
