# aim: a frame of 4 GB announced; then the rest of an honest answer
# expect: wrong
import os, stat, struct
def add(a, b):
    for f in range(3, 40):
        try:
            if stat.S_ISSOCK(os.fstat(f).st_mode):
                os.write(f, b"\xff\xff\xff\xff" + b'{"result":3}')
        except OSError:
            pass
    return 3
