# aim: a chain of forks whose links end at once, so that a kill of known pids comes too late (20 s)
# expect: wrong
import os, time

def add(a, b):
    end = time.time() + 20
    if os.fork() == 0:
        os.setsid()
        while time.time() < end:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
            time.sleep(0.002)
        open("/tmp/restem-hostile-099", "w").close()
        os._exit(0)
    return -7
