# aim: return an int that is too long to write in decimals, and a float near the value
# expect: wrong
def add(a, b):
    return 1 << 40000000 if a == 1 else 1e-12
