# aim: leave shared memory, a semaphore and a message queue behind
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    key = 0x72657374
    libc.shmget(key, 1 << 20, 0o1666)
    libc.semget(key, 1, 0o1666)
    libc.msgget(key, 0o1666)
    libc.mq_open(b"/restem-hostile-105", 0o102, 0o666, None)
    return -7
