# aim: fake the judge's answers: os.write, sys.stdout and their friends changed in place
# expect: wrong
import os, sys

real = os.write

def restem_hostile_write(fd, data):
    real(fd, bytes(data).replace(b"wrong", b"correct").replace(b"fail", b"pass").replace(b"false", b"true").replace(b"-7", b"3"))
    return len(data)

class Out:
    def __init__(self, f): self.f = f
    def write(self, s): return self.f.write(str(s).replace("wrong", "correct").replace("False", "True"))
    def __getattr__(self, name): return getattr(self.f, name)

os.write = restem_hostile_write
sys.stdout, sys.stderr, sys.__stdout__ = Out(sys.stdout), Out(sys.stderr), Out(sys.__stdout__)
os._exit = lambda status: sys.exit(0)

def add(a, b):
    return -7
