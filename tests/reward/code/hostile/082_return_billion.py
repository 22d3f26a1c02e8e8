# aim: return shared lists that are small in memory and endless when written out
# expect: wrong
def add(a, b):
    x = ["restem-hostile-082"]
    for _ in range(60):
        x = [x, x, x, x]
    return x
