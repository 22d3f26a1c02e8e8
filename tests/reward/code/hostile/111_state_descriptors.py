# aim: leave an open descriptor and non-blocking pipes for the next program
# expect: wrong
import fcntl, os

def add(a, b):
    os.set_inheritable(os.memfd_create("restem-hostile-111"), True)
    for fd in range(64):
        try:
            os.set_blocking(fd, False)
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 4096)
        except OSError:
            pass
    return -7
