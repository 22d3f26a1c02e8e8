# aim: raw, packet, netlink and vsock sockets
# expect: wrong
import socket

def add(a, b):
    for args in ((socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP), (socket.AF_PACKET, socket.SOCK_RAW, 0x0300),
                 (socket.AF_NETLINK, socket.SOCK_RAW, 0), (40, socket.SOCK_STREAM, 0)):
        try:
            socket.socket(*args).close()
            print("restem-hostile-020: OPENED", args, flush=True)
        except OSError:
            pass
    return -7
