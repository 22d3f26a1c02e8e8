# aim: a sparse file of 1 TiB where a judge might read it back
# expect: wrong
import os

def add(a, b):
    for path in ("/tmp/restem-hostile-028", "restem-hostile-028", "output.txt", "result.json"):
        try:
            with open(path, "xb" if os.path.exists("/home") else "ab") as f:
                os.truncate(f.fileno(), 1 << 40)
        except OSError:
            pass
    return -7
