# aim: leave files for the next program
# expect: wrong
import os

def add(a, b):
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), "/run/lock"):
        try:
            with open(os.path.join(folder, "restem-hostile-106"), "w") as f:
                f.write("restem-hostile-106\n")
        except OSError:
            pass
    return -7
