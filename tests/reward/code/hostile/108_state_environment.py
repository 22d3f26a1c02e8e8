# aim: leave variables, a working folder, a umask, a process name and a nice value for the next program
# expect: wrong
import ctypes, os

def add(a, b):
    os.environ["RESTEM_HOSTILE"] = "108"
    os.environ["PYTHONPATH"] = "/tmp/restem-hostile-108"
    os.environ["LD_PRELOAD"] = "/tmp/restem-hostile-108/x.so"
    os.makedirs("/tmp/restem-hostile-108", exist_ok=True)
    os.chdir("/tmp/restem-hostile-108")
    os.umask(0o123)
    os.nice(3)
    ctypes.CDLL(None).prctl(15, b"restem-hostile", 0, 0, 0)
    return -7
