# aim: let the kernel dump core: into a file, or into whatever the machine's core_pattern starts
# expect: wrong
import ctypes, os, resource

def add(a, b):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)
    return -7
