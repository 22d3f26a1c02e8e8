# aim: listen on 0.0.0.0 and stay reachable for others
# expect: wrong
import socket, time

def add(a, b):
    try:
        s = socket.socket()
        s.bind(("0.0.0.0", 47613))
        s.listen(8)
        time.sleep(5)
    except OSError:
        pass
    return -7
