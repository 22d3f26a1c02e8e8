# aim: open the interpreter, and the parent's, for writing (nothing is written)
# expect: wrong
import os, sys

def add(a, b):
    for path in ("/proc/self/exe", f"/proc/{os.getppid()}/exe", "/proc/1/exe", sys.executable, os.path.realpath(sys.executable), os.__file__):
        try:
            os.close(os.open(path, os.O_RDWR))
            print("restem-hostile-034: LEAK writable", path, flush=True)
        except OSError:
            pass
    return -7
