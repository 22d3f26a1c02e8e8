# aim: crash: a null pointer, then an abort, with a core as large as it may be
# expect: wrong
import ctypes, os, resource

def add(a, b):
    try:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    except (OSError, ValueError):
        pass
    if a == 1:
        ctypes.string_at(0)
    os.abort()
