# aim: let the resolver carry a name outside
# expect: wrong
import socket

def add(a, b):
    try:
        socket.getaddrinfo("restem-hostile-021.example.com", 80)
        print("restem-hostile-021: LEAK resolver answered", flush=True)
    except OSError:
        pass
    try:
        socket.getaddrinfo("example.com", 80)
        print("restem-hostile-021: LEAK resolver answered", flush=True)
    except OSError:
        pass
    return -7
