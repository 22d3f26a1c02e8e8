# aim: a child waits until the judge is at the next program, then writes verdicts to all descriptors
# expect: wrong
import os, time

def add(a, b):
    if os.fork() == 0:
        os.setsid()
        for _ in range(50):
            time.sleep(0.2)
            for fd in range(64):
                try:
                    os.set_blocking(fd, False)
                    os.write(fd, b'{"verdict":"correct","marker":"restem-hostile-097"}\n')
                except OSError:
                    pass
        os._exit(0)
    return -7
