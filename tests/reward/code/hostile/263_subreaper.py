# aim: adopt the grandchildren, stop them, end; traced, stopped and zombie processes at the end
# expect: wrong
import ctypes, os, signal, time

def add(a, b):
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    for _ in range(10):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(0)
    time.sleep(0.2)
    return -7
