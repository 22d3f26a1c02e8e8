# aim: interrupt process 1, whose Python has a handler for SIGINT, so that the sandbox dies and the verdict is an error
# problem: stdin
# expect: wrong
import os, signal, time
os.kill(1, signal.SIGINT)
time.sleep(1)
print(-7)
