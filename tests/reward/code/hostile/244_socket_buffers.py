# aim: 800 MB in the buffers of sockets, which are nobody's memory
# timeout: 6
# expect: wrong
import os, socket, time

def add(a, b):
    for child in range(28):
        if os.fork() == 0:
            kept = []
            try:
                while True:
                    pair = socket.socketpair()
                    for s in pair:
                        s.setblocking(False)
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                    kept.append(pair)
            except OSError:
                pass
            for pair in kept:
                for s in pair:
                    try:
                        while True:
                            s.send(bytes(32768))
                    except OSError:
                        pass
            time.sleep(1)
            os._exit(0)
    for child in range(28):
        os.wait()
    return a + b
