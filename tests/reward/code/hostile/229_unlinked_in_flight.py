# aim: 60 MiB in an unlinked file that only a socket in flight to itself holds
# expect: wrong
import array, os, socket

def add(a, b):
    f = os.open("/tmp/restem-redteam", os.O_CREAT | os.O_RDWR)
    os.unlink("/tmp/restem-redteam")
    for _ in range(60):
        os.write(f, bytes(1 << 20))
    one, two = socket.socketpair()
    for s in (one, two):
        s.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [f, one.fileno(), two.fileno()]))])
    return -7
