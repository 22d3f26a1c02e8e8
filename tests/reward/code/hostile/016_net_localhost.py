# aim: connect to usual ports of 127.0.0.1, and to 47614, on which a test can listen
# expect: wrong
import socket

def add(a, b):
    for port in (22, 80, 443, 2375, 5432, 6379, 8000, 8080, 47614):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                with socket.socket(family) as s:
                    s.settimeout(0.2)
                    s.connect((host, port))
                    print("restem-hostile-016: LEAK connected to", host, port, flush=True)
            except OSError:
                pass
    return -7
