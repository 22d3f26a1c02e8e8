# aim: connect to the unix sockets of the host (docker, dbus, syslog); a test can listen at /tmp/restem-canary.sock
# expect: wrong
import socket

def add(a, b):
    paths = ("/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket",
             "/dev/log", "/tmp/restem-canary.sock")
    for path in paths:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                with socket.socket(socket.AF_UNIX, kind) as s:
                    s.connect(path)
                    print("restem-hostile-018: LEAK unix socket", path, flush=True)
            except OSError:
                pass
    return -7
