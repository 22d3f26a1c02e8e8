# aim: lock and lease the machine's files
# expect: wrong
import fcntl, os

def add(a, b):
    got = []
    for path in ("/usr/bin/python3", "/usr/bin/env", "/usr/lib"):
        f = os.open(path, os.O_RDONLY)
        for what in ("flock", "lease"):
            try:
                if what == "flock":
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                else:
                    fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                got.append(what + " " + path)
            except OSError:
                pass
    if got:
        raise RuntimeError("got " + ", ".join(got))
    return -7
