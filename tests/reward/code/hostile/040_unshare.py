# aim: a user namespace of its own, to be root there and mount
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    uid = os.getuid()
    for flags in (0x10000000, 0x10020000, 0x10000000 | 0x40000000):  # CLONE_NEWUSER, with NEWNS, with NEWNET
        if libc.unshare(flags) == 0:
            print("restem-hostile-040: OPENED namespace", hex(flags), flush=True)
            try:
                open("/proc/self/setgroups", "w").write("deny")
                open("/proc/self/uid_map", "w").write(f"0 {uid} 1")
            except OSError:
                pass
            if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0:
                print("restem-hostile-040: LEAK mounted in a new namespace", flush=True)
    return -7
