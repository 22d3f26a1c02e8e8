# aim: output in pieces of a byte from many, sparing CPU time, and the end in the middle
# problem: stdin
# expect: wrong
import os, time
for _ in range(10):
    if os.fork() == 0:
        for i in range(3000):
            os.write(1, b"3\n")
            time.sleep(0.0005)
        os._exit(0)
time.sleep(0.2)
