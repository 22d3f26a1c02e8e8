# aim: fill /tmp and the working folder (at most 2 GiB each)
# expect: wrong
def add(a, b):
    block = b"t" * (16 << 20)
    for path in ("/tmp/restem-hostile-027", "restem-hostile-027"):
        try:
            with open(path, "wb", buffering=0) as f:
                for _ in range(128):
                    f.write(block)
        except OSError:
            pass
    return -7
