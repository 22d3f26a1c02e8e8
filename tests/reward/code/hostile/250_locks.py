# aim: kernel memory in file locks, and an end that has to remove them all
# expect: wrong
import fcntl, os

def add(a, b):
    for child in range(8):
        if os.fork() == 0:
            f = os.open(f"/tmp/restem-redteam{child}", os.O_CREAT | os.O_RDWR)
            for i in range(10 ** 9, 0, -2):
                fcntl.lockf(f, fcntl.LOCK_EX, 1, i)
    import time
    time.sleep(1.2)
    return -7
