# aim: append a comment to the judge's own scripts, and to the modules it loaded
# expect: wrong
import os, sys

def add(a, b):
    paths, f = {sys.argv[0] if sys.argv else "", getattr(sys.modules["__main__"], "__file__", None) or ""}, sys._getframe(1)
    while f:
        paths.add(f.f_code.co_filename)
        f = f.f_back
    try:
        paths.update(open(f"/proc/{os.getppid()}/cmdline").read().split("\0"))
    except OSError:
        pass
    for path in paths:
        try:
            if path.endswith(".py") and os.path.isfile(path):
                with open(path, "a") as out:
                    out.write("\n# restem-hostile-114\n")
                print("restem-hostile-114: LEAK wrote to the judge's script", flush=True)
        except OSError:
            pass
    return -7
