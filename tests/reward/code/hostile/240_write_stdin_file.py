# aim: fill the files in memory that stand for standard input and standard error
# problem: stdin
# expect: wrong
import os, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for f in (0, 2):
    try:
        while True:
            os.write(f, bytes(1 << 20))
    except OSError:
        pass
print(-7)
