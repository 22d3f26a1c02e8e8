# aim: look into /home, /root, /home and the usual places of the host (names and contents are not shown)
# expect: wrong
import os

def add(a, b):
    for path in ("/home", "/root", "/home", "/mnt", "/media", "/srv", "/var/log", "/var/lib", "/workspace", "/repo"):
        try:
            n = len(os.listdir(path))
            print("restem-hostile-011:", "LEAK" if n and path in ("/home", "/root", "/home") else "READ", path, n, "entries", flush=True)
        except OSError:
            pass
    return -7
