# aim: fork, and let both processes return to the judge
# expect: wrong
import os

def add(a, b):
    os.fork()
    return -7
