# aim: create files outside of the scratch folder
# expect: wrong
import os

def add(a, b):
    for folder in ("/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/var/tmp", "/var", "/run", "/dev", "/dev/shm", "/home", "/root",
                   "/opt", "/home", "/mnt", "/lib", "/bin", "/proc", "/sys", os.path.dirname(os.__file__)):
        try:
            with open(os.path.join(folder, "restem-hostile-025"), "w") as f:
                f.write("restem-hostile-025\n")
            print("restem-hostile-025: WROTE", folder, flush=True)
        except OSError:
            pass
    return -7
