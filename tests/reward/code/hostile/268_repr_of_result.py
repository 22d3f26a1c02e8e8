# aim: a result nested so deeply that comparing or printing it fails in the tests' process
# io: {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]}
# expect: wrong
def add(a, b):
    x = []
    for _ in range(480):
        x = [x]
    return x
