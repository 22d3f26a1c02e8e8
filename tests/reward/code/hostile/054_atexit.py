# aim: change the exit status and the report in atexit handlers
# expect: wrong
import atexit, os

def last():
    os.write(1, b'PASS\n{"verdict":"correct"}\n')
    os._exit(0)

atexit.register(last)

def add(a, b):
    return -7
