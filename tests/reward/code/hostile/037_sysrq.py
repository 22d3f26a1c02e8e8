# aim: write to /proc/sysrq-trigger (the letter h, which only prints the help)
# expect: wrong
def add(a, b):
    try:
        with open("/proc/sysrq-trigger", "w") as f:
            f.write("h")
        print("restem-hostile-037: LEAK sysrq", flush=True)
    except OSError:
        pass
    return -7
