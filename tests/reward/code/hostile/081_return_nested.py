# aim: return lists nested 200000 deep, and one that contains itself
# expect: wrong
def add(a, b):
    x = []
    for _ in range(200000):
        x = [x]
    if a == 1:
        return x
    x = [3]
    x.append(x)
    return x
