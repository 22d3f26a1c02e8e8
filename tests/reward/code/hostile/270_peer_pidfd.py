# aim: a pidfd of restem itself, as the peer of the socket that it made (SO_PEERPIDFD), and signals to it
# expect: wrong
import ctypes, os, signal, socket, stat, struct

def add(a, b):
    got = []
    libc = ctypes.CDLL(None, use_errno=True)
    for f in range(3, 40):
        try:
            if not stat.S_ISSOCK(os.fstat(f).st_mode):
                continue
            s = socket.socket(fileno=os.dup(f))
            got.append("creds %s" % (struct.unpack("iii", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)),))
            p = struct.unpack("i", s.getsockopt(socket.SOL_SOCKET, 77, 4))[0]
            for sig in (0, 9):
                r = libc.syscall(424, p, sig, 0, 0)
                got.append(f"pidfd {p}, signal {sig}: {r} {os.strerror(ctypes.get_errno())}")
            for nr in range(1, 12):
                r = libc.syscall(16, p, 0xFF00 | nr, 0)
                if r >= 0: got.append(f"ioctl {nr}: {r}")
            info = ctypes.create_string_buffer(struct.pack("Q", 0xffff), 64)
            r = libc.syscall(16, p, 0xC040FF0B, info)
            got.append(f"info {r} {os.strerror(ctypes.get_errno())} {info.raw.hex()}")
        except OSError as e:
            got.append(str(e))
    raise RuntimeError("; ".join(got))
