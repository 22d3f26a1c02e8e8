"""A program of any language: the compiler, or what it made."""
import os
import signal

BINARY = 3
NOT_STARTED = 127  # as shells have it


def main(request, descriptors):
    """Descriptors: the standard streams, and perhaps the binary that is run, which no path names then."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number, inheritable=number < BINARY)
    os.closerange(len(descriptors), 256)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    program = BINARY if len(descriptors) > BINARY else request["argv"][0]
    try:
        if isinstance(program, str):
            os.execvp(program, request["argv"])
        os.execve(program, request["argv"], os.environ)
    except OSError as error:
        os.write(2, f"cannot start {request['argv'][0]}: {error.strerror}\n".encode())
    return NOT_STARTED
