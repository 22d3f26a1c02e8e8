# aim: the program's first thread ends while a second one keeps the process: process 1 waits for the whole
# problem: stdin
# expect: wrong
import ctypes, threading, time
threading.Thread(target=lambda: time.sleep(60)).start()
print(3, flush=True)
ctypes.CDLL(None).syscall(60, 0)
