# aim: connect to 1.1.1.1:53 over TCP, UDP and IPv6 (sends nothing that matters)
# expect: wrong
import socket

def add(a, b):
    for family, host in ((socket.AF_INET, "1.1.1.1"), (socket.AF_INET6, "2606:4700:4700::1111")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(family, kind) as s:
                    s.settimeout(2)
                    s.connect((host, 53))
                    s.send(b"restem-hostile-015")
                    print("restem-hostile-015: LEAK network", host, kind, flush=True)
            except OSError:
                pass
    return -7
