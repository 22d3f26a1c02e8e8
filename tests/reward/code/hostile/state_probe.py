# aim: find state that an earlier program left in this interpreter or sandbox; otherwise answer wrongly
# expect: wrong
import builtins, ctypes, glob, os, resource, signal, sys, threading


def found():
    """Names what an earlier hostile program left behind, or None."""
    home = os.path.expanduser("~")
    for folder in (".", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", home, "/", "/usr", "/etc", "/home"):
        for path in glob.glob(os.path.join(glob.escape(folder), "*restem-hostile*")):
            return f"file {path}"
    for folder in (".", "/tmp"):
        for name in ("sitecustomize.py", "usercustomize.py", "restem_hostile_json.py"):
            if os.path.lexists(os.path.join(folder, name)):
                return f"file {os.path.join(folder, name)}"
    for name, module in list(sys.modules.items()):
        if "restem_hostile" in name or "restem_hostile" in getattr(module, "__dict__", {}):
            return f"module {name}"
        if name in ("json", "pickle", "marshal", "struct", "math", "os", "random", "collections", "builtins", "sys", "gc", "threading"):
            for key, value in list(vars(module).items()):
                if "restem_hostile" in key or str(getattr(value, "__name__", "")).startswith("restem_hostile"):
                    return f"patched {name}.{key}"
        if type(module).__name__ == "Fake":
            return f"fake module {name}"
    if any(getattr(hook, "restem_hostile", False) for hook in sys.meta_path):
        return "import hook"
    if any("restem-hostile" in str(p) for p in sys.path):
        return "sys.path"
    for stream in ("stdout", "stderr", "__stdout__"):
        if type(getattr(sys, stream)).__name__ == "Out":
            return f"sys.{stream}"
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return "trace or profile function"
    if 1 + 2 != int("3") or len("abc") != 3 or sum([1, 2]) != 3:
        return "changed integers or builtins"
    if "RESTEM_HOSTILE" in os.environ or any("restem-hostile" in v for v in os.environ.values()):
        return "environment"
    if "restem-hostile" in os.getcwd():
        return "working folder"
    mask = os.umask(0o022)
    os.umask(mask)
    if mask == 0o123:
        return "umask"
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU, signal.SIGUSR1, signal.SIGCHLD):
        if getattr(signal.getsignal(s), "__name__", "") == "restem_hostile_handler":
            return f"signal handler {s.name}"
    if signal.getsignal(signal.SIGUSR2) == signal.SIG_IGN and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        return "ignored signals"
    if {signal.SIGUSR2, signal.SIGXFSZ} <= signal.pthread_sigmask(signal.SIG_BLOCK, ()):
        return "blocked signals"
    if signal.getitimer(signal.ITIMER_REAL)[1] == 3:
        return "timer"
    if sys.getrecursionlimit() in (7777, 77777777):
        return "recursion limit"
    if abs(sys.getswitchinterval() - 0.07) < 1e-9:
        return "switch interval"
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 77:
        return "limit of open files"
    if any("restem-hostile" in t.name for t in threading.enumerate()):
        return "thread"
    try:
        for fd in os.listdir("/proc/self/fd"):
            try:
                if "restem-hostile" in os.readlink(f"/proc/self/fd/{fd}"):
                    return f"descriptor {fd}"
            except OSError:
                pass
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm") as f:
                    if "restem-hostil" in f.read():
                        return f"process {pid}"
            except OSError:
                pass
        with open("/proc/net/unix") as f:
            if "restem-hostile" in f.read():
                return "abstract socket"
    except OSError:
        pass
    libc = ctypes.CDLL(None)
    for call, args in ((libc.shmget, (0x72657374, 0, 0)), (libc.semget, (0x72657374, 0, 0)), (libc.msgget, (0x72657374, 0))):
        if call(*args) >= 0:
            return f"System V {call.__name__}"
    if hasattr(builtins, "restem_hostile"):
        return "builtins"
    return None


def add(a, b):
    what = found()
    if what:
        raise RuntimeError(f"state leaked: {what}")
    return -7777
