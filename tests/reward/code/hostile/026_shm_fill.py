# aim: fill /dev/shm (at most 2 GiB)
# expect: wrong
def add(a, b):
    block = b"s" * (16 << 20)
    try:
        with open("/dev/shm/restem-hostile-026", "wb", buffering=0) as f:
            for _ in range(128):
                f.write(block)
    except OSError:
        pass
    return -7
