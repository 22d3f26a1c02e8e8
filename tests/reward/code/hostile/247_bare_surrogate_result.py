# aim: half a surrogate pair as the result: in the reason of a case
# io: {"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}
# expect: wrong
def add(a, b):
    return "\ud83d"
