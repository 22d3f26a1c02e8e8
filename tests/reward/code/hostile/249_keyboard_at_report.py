# aim: SIGINT to process 1 by a timer, at the moment when the program's end is being reported
# problem: stdin
# expect: wrong
import ctypes, os, signal
if os.fork() == 0:
    while True:
        os.kill(1, signal.SIGINT)
print(-7)
