# aim: recursion without end in Python, with the limit raised
# expect: wrong
import sys

def add(a, b):
    sys.setrecursionlimit(77777777)
    return add(a, b)
