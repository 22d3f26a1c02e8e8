# aim: a regular expression that backtracks for ever
# expect: wrong
import re

def add(a, b):
    return -7 if re.match(r"(a|aa)+$", "a" * 200 + "b") else -8
