# aim: share the memory among children, each below a limit per process (at most 8 GiB in all)
# expect: wrong
import os, time

def add(a, b):
    for _ in range(32):
        try:
            if os.fork() == 0:
                keep = b"z" * (256 << 20)
                time.sleep(20)
                os._exit(len(keep) & 1)
        except OSError:
            break
    time.sleep(20)
    return -7
