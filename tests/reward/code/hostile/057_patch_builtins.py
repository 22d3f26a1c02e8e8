# aim: replace the builtins that a judge calls
# expect: wrong
import builtins

def restem_hostile_true(*args, **kwargs):
    return True

for name in ("isinstance", "all", "any", "eval", "exec", "compile", "print", "bool", "type", "repr", "abs", "len", "getattr", "hasattr"):
    setattr(builtins, name, restem_hostile_true)

def add(a, b):
    return -7
