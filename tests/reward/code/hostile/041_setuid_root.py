# aim: become root, gain groups and capabilities
# expect: wrong
import os

def add(a, b):
    before = os.getuid()
    for call in (lambda: os.setgroups([0]), lambda: os.setresgid(0, 0, 0), lambda: os.setresuid(0, 0, 0), lambda: os.setuid(0)):
        try:
            call()
        except OSError:
            pass
    if before != 0 and os.getuid() == 0:
        print("restem-hostile-041: LEAK became root", flush=True)
    return -7
