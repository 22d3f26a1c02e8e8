# aim: hand the tests' process descriptors and urgent data over the wire
# expect: wrong
import array, os, socket, stat

def add(a, b):
    for f in range(3, 40):
        try:
            if stat.S_ISSOCK(os.fstat(f).st_mode):
                s = socket.socket(fileno=os.dup(f))
                r, w = os.pipe()
                s.sendmsg([b"\x02\0\0\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [r, w] * 10))])
                s.send(b"{", socket.MSG_OOB)
                s.send(b"}{}")
        except OSError:
            pass
    return -7
