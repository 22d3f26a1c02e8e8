# aim: raise SystemExit(0) from within add
# expect: wrong
def add(a, b):
    raise SystemExit(0)
