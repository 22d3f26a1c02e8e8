# aim: leave changed modules for the next program
# expect: wrong
import collections, json, math, random, sys, types

math.restem_hostile = json.restem_hostile = collections.restem_hostile = random.restem_hostile = 1
sys.modules["restem_hostile_107"] = types.ModuleType("restem_hostile_107")
math.floor = math.gcd = lambda *args: 3
random.seed(0)

def add(a, b):
    return -7
