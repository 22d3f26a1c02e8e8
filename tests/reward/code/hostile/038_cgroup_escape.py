# aim: move itself to the root cgroup, raise the limits of its own
# expect: wrong
import glob, os

def add(a, b):
    for path in ["/sys/fs/cgroup/cgroup.procs", *glob.glob("/sys/fs/cgroup/*/cgroup.procs")]:
        try:
            with open(path, "w") as f:
                f.write(str(os.getpid()))
            print("restem-hostile-038: LEAK cgroup", path, flush=True)
        except OSError:
            pass
    return -7
