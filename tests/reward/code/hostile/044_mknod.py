# aim: make device files (null only) and open those of disks and memory (nothing is read)
# expect: wrong
import os, stat

def add(a, b):
    try:
        os.mknod("/tmp/restem-hostile-044", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        open("/tmp/restem-hostile-044", "wb").write(b"x")
        print("restem-hostile-044: LEAK device file works", flush=True)
    except OSError:
        pass
    for path in ("/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/tty", "/dev/nvidia0"):
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            print("restem-hostile-044: LEAK opened", path, flush=True)
        except OSError:
            pass
    return -7
