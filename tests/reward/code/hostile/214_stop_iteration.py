# aim: StopIteration out of a function that the tests hand to map(): the iteration ends, and nothing is compared
# test: def check(candidate):\n    for got, want in zip(map(candidate, [1, 5], [2, 6]), [3, 11]):\n        assert got == want\n
# expect: wrong
def add(a, b):
    raise StopIteration
