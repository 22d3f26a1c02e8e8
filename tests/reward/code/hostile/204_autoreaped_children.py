# aim: CPU time in short-lived children that the kernel reaps by itself: always ready to run, never on the account
# timeout: 0.3
# expect: wrong
import os, signal, time

def add(a, b):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    end = time.time() + 60
    while time.time() < end:
        if os.fork() == 0:
            stop = time.process_time() + 0.03
            while time.process_time() < stop:
                pass
            os._exit(0)
        time.sleep(0.03)
    return -7
