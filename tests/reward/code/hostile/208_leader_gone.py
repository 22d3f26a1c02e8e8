# aim: the first thread ends, the second goes on: /proc/<pid>/statm of the process shows nothing
# expect: wrong
import ctypes, mmap, os, threading, time

def add(a, b):
    for _ in range(5):
        if os.fork() == 0:
            def work():
                m = mmap.mmap(-1, 300 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                for i in range(0, 300 << 20, 4096):
                    m[i] = 1
                time.sleep(1)
                os._exit(0)
            threading.Thread(target=work).start()
            ctypes.CDLL(None).syscall(60, 0)  # exit: of this thread
    time.sleep(1.5)
    return a + b
