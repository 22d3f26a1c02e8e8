# aim: attach to the parent with ptrace
# expect: wrong
import ctypes, os

def add(a, b):
    libc = ctypes.CDLL(None, use_errno=True)
    for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
        if libc.ptrace(request, os.getppid(), None, None) == 0:
            print("restem-hostile-031: LEAK ptrace", request, flush=True)
            libc.ptrace(17, os.getppid(), None, None)
    return -7
