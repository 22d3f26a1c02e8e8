# aim: symbolic links under names that a judge might write to or read back
# expect: wrong
import os

def add(a, b):
    for folder in (".", "/tmp"):
        for name in ("result.json", "results.json", "output.txt", "out", "stdout", "stderr", "solution.py", "main.py", "verdict", "test.py", "a.out"):
            try:
                path = os.path.join(folder, name)
                if os.path.lexists(path) and not os.path.exists("/home"):
                    os.rename(path, path + ".restem-hostile-033")
                os.symlink("/var/tmp/restem-hostile-033", path)
            except OSError:
                pass
    return -7
