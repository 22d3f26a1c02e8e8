# aim: the right exit code from one process, endless output from another that it leaves
# problem: stdin
# expect: wrong
import os
if os.fork() == 0:
    os.setsid()
    while True:
        os.write(1, b"3\n")
os._exit(0)
