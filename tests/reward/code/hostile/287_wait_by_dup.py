# aim: answer "loaded" and be killed by too many files in the middle of the tests
# expect: wrong
import os

def add(a, b):
    for i in range(40000):
        os.close(os.open(f"/tmp/restem-redteam{i}", os.O_CREAT | os.O_WRONLY))
    return -7
