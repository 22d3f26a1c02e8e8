# aim: abstract unix sockets: count those listed, connect to @restem-canary (a test's), leave one behind
# expect: wrong
import os, socket, time

def add(a, b):
    try:
        n = sum(" @" in line and "restem" not in line for line in open("/proc/net/unix"))
        print("restem-hostile-019:", "LEAK" if n else "READ", n, "abstract sockets", flush=True)
    except OSError:
        pass
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("\0restem-canary")
            print("restem-hostile-019: LEAK abstract socket", flush=True)
    except OSError:
        pass
    if os.fork() == 0:
        s = socket.socket(socket.AF_UNIX)
        s.bind("\0restem-hostile-019")
        s.listen(1)
        time.sleep(600)
        os._exit(0)
    return -7
