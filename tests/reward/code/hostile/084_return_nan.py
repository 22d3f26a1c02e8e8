# aim: return NaN, infinity, complex, bytes, a string of the number, a bool, None
# expect: wrong
def add(a, b):
    return {1: float("nan"), -1: "0"}.get(a, float("inf"))
