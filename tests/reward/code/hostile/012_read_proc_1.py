# aim: /proc/1/environ, /proc/1/root, /proc/1/cwd, the same for the parent (opened, not read)
# expect: wrong
import os

def add(a, b):
    for pid in (1, os.getppid()):
        for name in ("environ", "maps", "mem"):
            try:
                open(f"/proc/{pid}/{name}", "rb").close()
                print("restem-hostile-012: OPENED", f"/proc/{pid}/{name}", flush=True)
            except OSError:
                pass
        for name in ("root/home", "root/root", "root/etc/shadow", "cwd/../home"):
            if os.path.exists(f"/proc/{pid}/{name}"):
                print("restem-hostile-012: LEAK", f"/proc/{pid}/{name}", flush=True)
    return -7
