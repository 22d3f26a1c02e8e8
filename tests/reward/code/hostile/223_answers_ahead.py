# aim: answers before they are asked, several in one write, then the wire kept open by a child
# expect: wrong
import json, os, stat, struct

def frame(message):
    body = json.dumps(message).encode()
    return struct.pack("<I", len(body)) + body

def is_socket(f):
    try:
        return stat.S_ISSOCK(os.fstat(f).st_mode)
    except OSError:
        return False

for f in range(3, 40):
    if is_socket(f):
        os.write(f, frame({"loaded": True}) + b"".join(frame({"result": x}) for x in (3, 1, 2, {"object": -1}, {"object": 10**30})))
        if os.fork() == 0:
            while True:
                head = os.read(f, 4)
                if not head:
                    os._exit(0)
                os.read(f, struct.unpack("<I", head)[0])
                os.write(f, frame({"result": {"object": 0}}))

def add(a, b):
    return -7
