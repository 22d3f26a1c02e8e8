# aim: open kernel settings for writing (the value found is written back)
# expect: wrong
def add(a, b):
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory", "/sys/kernel/uevent_helper"):
        try:
            with open(path) as f:
                old = f.read()
            with open(path, "w") as f:
                f.write(old)
            print("restem-hostile-036: LEAK wrote", path, flush=True)
        except OSError:
            pass
    return -7
