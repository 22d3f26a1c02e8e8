# aim: comparison with a huge answer, case after case, whose text goes into the reason
# io: {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}
# expect: wrong
def add(a, b):
    return [10 ** 4000 + 7] * 3900
