# aim: return a string of 1 GiB
# expect: wrong
def add(a, b):
    return "restem-hostile-080" * (1 << 26)
