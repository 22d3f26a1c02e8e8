# aim: a process name that makes /proc/<pid>/stat read as "R": asleep, but ready to run for ever, with no CPU time
# timeout: 0.3
# expect: wrong
import ctypes, time

def add(a, b):
    ctypes.CDLL(None).prctl(15, b") R\n", 0, 0, 0)  # PR_SET_NAME
    time.sleep(60)
    return -7
