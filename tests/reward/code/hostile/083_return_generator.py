# aim: return an infinite generator, an infinite iterator, a huge range
# expect: wrong
import itertools

def numbers():
    while True:
        yield 3

def add(a, b):
    return {1: numbers(), -1: itertools.repeat(0)}.get(a, range(10**18))
