# aim: make /usr writable again with mount(2), mount over /etc
# expect: wrong
import ctypes

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    for target in (b"/usr", b"/", b"/etc"):
        if libc.mount(b"none", target, None, 32 | 4096, None) == 0:  # MS_REMOUNT | MS_BIND, without MS_RDONLY
            print("restem-hostile-039: LEAK remounted", target, flush=True)
            try:
                open(target.decode() + "/restem-hostile-039", "w").close()
            except OSError:
                pass
    return -7
