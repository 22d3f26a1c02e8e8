# aim: read from stdin and the terminal, and from files that never end
# expect: wrong
import os, sys

def add(a, b):
    for path in ("/dev/tty", "/dev/stdin"):
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            os.close(fd)
        except OSError:
            pass
    sys.stdin.read()
    os.mkfifo("restem-hostile-104.fifo")
    open("restem-hostile-104.fifo").read()
    return -7
