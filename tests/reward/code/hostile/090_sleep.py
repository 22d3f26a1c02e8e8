# aim: sleep for ever (10 minutes)
# expect: wrong
import time

def add(a, b):
    time.sleep(600)
    return -7
