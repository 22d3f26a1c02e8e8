# aim: raise every limit, lower the parent's with prlimit, leave odd limits behind
# expect: wrong
import os, resource

def add(a, b):
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            what = getattr(resource, name)
            for value in (resource.RLIM_INFINITY, resource.getrlimit(what)[1]):
                try:
                    resource.setrlimit(what, (value, value))
                except (OSError, ValueError):
                    pass
    for who in (os.getppid(), 0):
        try:
            resource.prlimit(who, resource.RLIMIT_NOFILE, (77, 77))
        except (OSError, ValueError):
            pass
    return -7
