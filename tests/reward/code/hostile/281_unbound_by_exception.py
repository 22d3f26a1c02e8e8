# aim: the same by an exception that the tests catch
# test: def check(candidate):\n    try:\n        result = candidate(1, 2)\n    except Exception:\n        pass\n    assert result == 3\n
# expect: wrong
def add(a, b):
    raise ValueError()
