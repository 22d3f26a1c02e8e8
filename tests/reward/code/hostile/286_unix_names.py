# aim: names of sockets that the next program would find: abstract, and in /tmp under other names
# expect: wrong
import os, socket

def add(a, b):
    seen = []
    for name in ("\0restem-redteam", "\0restem-redteam2"):
        s = socket.socket(socket.AF_UNIX)
        try:
            s.bind(name); s.listen()
        except OSError as e:
            seen.append(str(e))
        globals().setdefault("kept", []).append(s)
    if seen:
        raise RuntimeError("left by another: " + str(seen))
    return -7
