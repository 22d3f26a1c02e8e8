# aim: leave patched builtins, new ones and interpreter settings for the next program
# expect: wrong
import builtins, sys, threading, time

real_sum, real_open = sum, open

def restem_hostile_sum(values, start=0):
    return real_sum(values, start) + 1

def restem_hostile_open(*args, **kwargs):
    return real_open(*args, **kwargs)

builtins.sum, builtins.open, builtins.restem_hostile = restem_hostile_sum, restem_hostile_open, 1
sys.setrecursionlimit(7777)
sys.setswitchinterval(0.07)
sys.path.append("/tmp/restem-hostile-110")
threading.Thread(target=time.sleep, args=(600,), name="restem-hostile-110", daemon=True).start()

def add(a, b):
    return -7
