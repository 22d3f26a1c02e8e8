# aim: open /etc/shadow, /etc/gshadow, /etc/passwd for reading (contents are not shown)
# expect: wrong
def add(a, b):
    for path in ("/etc/shadow", "/etc/gshadow", "/etc/passwd"):
        try:
            open(path, "rb").close()
            print("restem-hostile-010:", "OPENED" if path == "/etc/passwd" else "LEAK", path, flush=True)
        except OSError:
            pass
    return -7
