# aim: an answer that leaves a name of the tests without a value: their NameError is an error of the problem's
# test: def check(candidate):\n    for item in candidate(1, 2):\n        last = item\n    assert last == 3\n
# expect: wrong
def add(a, b):
    return []
