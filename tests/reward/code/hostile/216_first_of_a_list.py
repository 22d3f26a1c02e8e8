# aim: only the first item of an expected list of several
# io: {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3, 1, 2]]}
# expect: wrong
def add(a, b):
    return 3
