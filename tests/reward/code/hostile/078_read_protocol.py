# aim: read the judge's requests from the inherited descriptors, so that it waits for ever or tells the tests
# expect: wrong
import os

def add(a, b):
    for fd in (0, *range(3, 64)):
        try:
            os.set_blocking(fd, False)
            data = os.read(fd, 1 << 20)
            if b"assert candidate" in data:
                print("restem-hostile-078: LEAK tests on descriptor", fd, flush=True)
        except OSError:
            pass
    return -7
