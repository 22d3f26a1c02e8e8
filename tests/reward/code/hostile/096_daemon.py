# aim: a detached daemon that keeps the pipes open (10 minutes) and writes a file each second
# expect: wrong
import ctypes, os, time

def add(a, b):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"restem-hostile", 0, 0, 0)  # PR_SET_NAME
            for i in range(600):
                for folder in ("/tmp", "/var/tmp", "/dev/shm"):
                    try:
                        open(folder + "/restem-hostile-096", "a").close()
                    except OSError:
                        pass
                time.sleep(1)
        os._exit(0)
    return -7
