"""Process 1 of a sandbox: runs one program after another, each in a child that is a copy of this process as it was
at the start, so that an interpreter with its modules is warm and nothing of one program reaches the next.

restem sends a request over the socket CONTROL, with file descriptors, and gets one report back:
    request  {"role": name of a module of restem, "limits": {...}, "keep": bool, ...the role's own}
    report   {"exit": code or null, "signal": number or null, "cpu": seconds, "left": processes, "dirty": bool}
The role's `main(request, descriptors)` runs in the child, under the limits. What the program started and left
running is killed before the report; "dirty" says that files were left in /tmp.
"""
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys

CONTROL = 3
REQUEST_BYTES = 65536
DESCRIPTORS = 8
LOOK_SECONDS = 0.05  # how often the number of files in /tmp is looked at
TMP_STATE = None     # of /tmp when it was new
MAX_FILES = 20000    # a tmpfs bounds bytes; files of no bytes cost memory, too


def limit(kind, value):
    resource.setrlimit(kind, (value, value))


def enter(limits):
    """The child's own bounds; what it starts inherits them."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for unused in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        limit(unused, 0)
    limit(resource.RLIMIT_SIGPENDING, limits["processes"])
    limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
    limit(resource.RLIMIT_AS, limits["memory_bytes"])
    limit(resource.RLIMIT_NPROC, limits["processes"])
    limit(resource.RLIMIT_NOFILE, limits["open_files"])
    limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    limit(resource.RLIMIT_STACK, limits["stack_bytes"])


def become(role, request, descriptors):
    """The child: ends here, whatever the program does to this interpreter."""
    status = 1
    try:
        os.close(CONTROL)
        enter(request["limits"])
        status = role.main(request, descriptors) or 0
    except BaseException:  # reported by the role where it matters
        pass
    finally:
        os._exit(status)


def files_in_tmp():
    room = os.statvfs("/tmp")
    return room.f_files - room.f_ffree - 1  # the folder itself


def tmp_state():
    """Changed by whoever makes or removes a file there, or changes who may."""
    folder = os.stat("/tmp")
    return folder.st_mode, folder.st_uid, folder.st_mtime_ns


def await_end(child):
    """Until the child has ended, or has too many files."""
    watch = select.poll()
    handle = os.pidfd_open(child)
    try:
        watch.register(handle, select.POLLIN)
        watch.register(CONTROL, select.POLLIN)
        while True:
            for ready, _ in watch.poll(LOOK_SECONDS * 1000):
                if ready == CONTROL:
                    os._exit(0)  # restem is gone or gave up: with process 1, everything in here ends
                return
            if files_in_tmp() > MAX_FILES:
                return
    finally:
        os.close(handle)


def reap(options):
    """The number of processes reaped, and their CPU time; by WNOHANG only those that have ended."""
    number, cpu = 0, 0.0
    while True:
        try:
            pid, _, usage = os.wait4(-1, options)
        except ChildProcessError:
            return number, cpu
        if pid == 0:
            return number, cpu
        number += 1
        cpu += usage.ru_utime + usage.ru_stime


def end_all(child):
    """The child's status, the CPU time of all, and the number of processes that were left running and are killed."""
    try:
        os.kill(child, signal.SIGKILL)  # where it did not end by itself
    except ProcessLookupError:
        pass
    _, status, usage = os.wait4(child, 0)
    _, ended = reap(os.WNOHANG)
    try:
        os.kill(-1, signal.SIGKILL)  # all but this process
    except ProcessLookupError:
        pass
    left, killed = reap(0)
    return status, usage.ru_utime + usage.ru_stime + ended + killed, left


def run(role, request, descriptors):
    child = os.fork()
    if child == 0:
        become(role, request, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    await_end(child)
    status, cpu, left = end_all(child)
    signalled = os.WIFSIGNALED(status)
    return {
        "exit": None if signalled else os.WEXITSTATUS(status),
        "signal": os.WTERMSIG(status) if signalled else None,
        "cpu": cpu,
        "left": left,
        "dirty": not request.get("keep") and (files_in_tmp() > 0 or tmp_state() != TMP_STATE),
    }


def silence():
    """Programs have no way to this process's own standard streams."""
    null = os.open("/dev/null", os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def main():
    global TMP_STATE
    # Process 1 is safe from the signals of its programs as long as it handles none.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    roles, preload = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    control = socket.socket(fileno=CONTROL)
    loaded = {name: importlib.import_module(name) for name in roles}
    for name in preload:
        importlib.import_module(name)
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    silence()
    TMP_STATE = tmp_state()
    gc.collect()
    gc.freeze()  # a child that collects garbage does not copy what all share
    control.send(b'{"ready": true}')
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, REQUEST_BYTES, DESCRIPTORS)
        if not message:
            return
        request = json.loads(message)
        control.send(json.dumps(run(loaded[request["role"]], request, descriptors)).encode())


main()
