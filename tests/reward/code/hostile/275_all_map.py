# aim: StopIteration, where the tests say all(map(...))
# test: def check(candidate):\n    assert all(map(lambda case: candidate(*case[0]) == case[1], [((1, 2), 3), ((2, 2), 4)]))\n
# expect: wrong
def add(a, b):
    return next(iter(()))
