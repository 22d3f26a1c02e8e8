"""A program that tries to get out of its sandbox, as far as one can try without doing harm. Its answer names what
succeeded; where the sandbox is closed, nothing does.
"""
import ctypes
import json
import os
import platform
import resource
import signal
import socket

libc = ctypes.CDLL(None, use_errno=True)

SETTINGS = {"PATH", "HOME", "LANG", "PWD", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}  # the sandbox's own

CLONE_NEWUSER = 0x10000000
PTRACE_TRACEME = 0
PR_CAPBSET_READ = 23
CAPABILITIES = 41
# By number, past the C library; of x86-64 and of the generic table that AArch64 has.
CALLS = {
    "x86_64": {"ptrace": 101, "pivot_root": 155, "mount": 165, "unshare": 272, "keyctl": 250, "bpf": 321,
               "userfaultfd": 323, "io_uring_setup": 425, "setns": 308, "process_vm_readv": 310,
               "perf_event_open": 298, "memfd_create": 319, "shmget": 29, "kexec_load": 246},
    "aarch64": {"ptrace": 117, "pivot_root": 41, "mount": 40, "unshare": 97, "keyctl": 219, "bpf": 280,
                "userfaultfd": 282, "io_uring_setup": 425, "setns": 268, "process_vm_readv": 270,
                "perf_event_open": 241, "memfd_create": 279, "shmget": 194, "kexec_load": 104},
}
ARGUMENTS = {"unshare": (CLONE_NEWUSER,), "ptrace": (PTRACE_TRACEME,), "shmget": (0, 4096, 0o1600)}


def read_host_file(request):
    with open(request["file"]) as file:
        return file.read()


def change_host_file(request):
    with open(request["file"], "r+") as file:
        return file.write("changed")


def see_processes(request):
    return os.listdir("/proc")


def write_outside_tmp(request):
    places = []
    for folder in ("/", "/usr", "/usr/lib", "/etc", "/dev", "/dev/shm", "/restem", "/var", "/home", "/run", "/proc"):
        try:
            os.close(os.open(os.path.join(folder, "restem-escape"), os.O_CREAT | os.O_WRONLY))
            places.append(folder)
        except OSError:
            pass
    return places


def connect_to_host(request):
    connection = socket.create_connection(("127.0.0.1", request["port"]), timeout=1)
    return str(connection)


def connect_to_abstract_socket(request):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("\0" + request["abstract"])
    return str(connection)


def reach_a_network(request):
    return str(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def read_environment(request):
    return [name for name in os.environ if name not in SETTINGS and not name.startswith("PYTHON")]


def become_root(request):
    os.setresuid(0, 0, 0)
    return os.getresuid()


def have_capabilities(request):
    return [number for number in range(CAPABILITIES) if libc.prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1]


def make_a_device(request):
    os.mknod("/tmp/device", 0o600 | 0o020000, os.makedev(1, 1))
    return "made"


def change_root(request):
    os.chroot("/tmp")
    return "changed"


def forbidden_calls(request):
    numbers = CALLS.get(platform.machine(), {})
    return [name for name, number in numbers.items()
            if libc.syscall(number, *ARGUMENTS.get(name, (0, 0, 0, 0, 0))) >= 0]


def exceed_memory(request):
    return len(bytearray(request["limits"]["memory_bytes"]))


def exceed_processes(request):
    children, wanted = [], request["limits"]["processes"] + 1
    try:
        while len(children) < wanted:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return children if len(children) == wanted else None


def exceed_disk(request):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("/tmp/a", "wb") as one, open("/tmp/b", "wb") as two:
        for file in (one, two):
            for _ in range(request["tmp_bytes"] >> 20):
                file.write(bytes(1 << 20))
    return "wrote"


def raise_limits(request):
    resource.setrlimit(resource.RLIMIT_NPROC, (1 << 16, 1 << 16))
    return "raised"


def inherit_descriptors(request):
    found = []
    for descriptor in range(3, 1024):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        if descriptor != request["answer"]:
            found.append(descriptor)
    return found


ATTEMPTS = [read_host_file, change_host_file, see_processes, write_outside_tmp, connect_to_host,
            connect_to_abstract_socket, reach_a_network, read_environment, become_root, have_capabilities,
            make_a_device, change_root, forbidden_calls, inherit_descriptors, raise_limits, exceed_processes,
            exceed_memory, exceed_disk]


def main(request, descriptors):
    answer, = descriptors
    request["answer"] = answer
    succeeded = {}
    for attempt in ATTEMPTS:
        try:
            result = attempt(request)
        except (OSError, MemoryError, ValueError):
            continue
        if result:
            succeeded[attempt.__name__] = str(result)[:200]
    os.write(answer, json.dumps({"tried": len(ATTEMPTS), "succeeded": succeeded}).encode())
