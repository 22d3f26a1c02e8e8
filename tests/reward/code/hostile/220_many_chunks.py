# aim: one byte at a time, so that the judge looks at all processes for each byte
# problem: stdin
# expect: wrong
import os
for _ in range(28):
    if os.fork() == 0:
        while True:
            os.write(1, b"x")
            os.sched_yield()
while True:
    os.write(1, b"x")
