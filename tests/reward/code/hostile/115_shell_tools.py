# aim: shells and tools through subprocess: sudo, su, mount, nsenter, at, crontab
# expect: wrong
import subprocess

def add(a, b):
    for command in ("sudo -n true", "su -c true </dev/null", "nsenter -t 1 -m true", "unshare -Ur true", "crontab -l", "ping -c1 -W1 1.1.1.1"):
        try:
            if subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=5).returncode == 0:
                print("restem-hostile-115: OPENED", command, flush=True)
        except (OSError, subprocess.SubprocessError):
            pass
    return -7
