# aim: pivot_root(2), open_by_handle_at(2) and setns(2) on the namespaces of process 1
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs("/tmp/restem-hostile-043/old", exist_ok=True)
    if libc.syscall(155, b"/tmp/restem-hostile-043", b"/tmp/restem-hostile-043/old") == 0:
        print("restem-hostile-043: LEAK pivot_root", flush=True)
    for name in ("mnt", "pid", "net", "user"):
        try:
            fd = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
            if libc.setns(fd, 0) == 0:
                print("restem-hostile-043: OPENED setns", name, flush=True)
        except OSError:
            pass
    return -7
