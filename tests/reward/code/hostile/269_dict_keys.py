# aim: answers of millions of small items, close to what fits, so that the tests' process runs out of memory at every place there is
# test: def check(candidate):\n    for i in range(12):\n        try:\n            candidate(i, 2)\n        except Exception:\n            pass\n    assert candidate(1, 2) == 3\n
# timeout: 8
# expect: wrong
import sys

class Raw(str):
    pass

def add(a, b):
    return a

import json, struct
wire = sys.modules["plain_data"].Wire
old = wire.send
def send(self, message):
    if "result" in message:
        i = message["result"]
        piece = [b"[],", b'"\xc3\xa9\xc4\x80",', b"1e9,", b'{"set":[]},', b"999,"][i % 5]
        n = ((14 << 20) - i * 300000) // len(piece)
        body = b'{"result":[' + piece * n + b"1]}"
        self.stream.sendall(struct.pack("<I", len(body)) + body)
    else:
        old(self, message)
wire.send = send
