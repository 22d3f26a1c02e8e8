# aim: memory in memfd and shared maps, which a limit on the address space does not see (at most 8 GiB)
# expect: wrong
import os, time

def add(a, b):
    block, fds = b"m" * (64 << 20), []
    for _ in range(128):
        fds.append(os.memfd_create("restem-hostile-006"))
        os.write(fds[-1], block)
    time.sleep(20)
    return -7
