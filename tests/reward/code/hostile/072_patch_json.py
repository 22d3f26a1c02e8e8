# aim: fake the judge's answers: json, pickle, marshal and struct changed in place
# expect: wrong
import json, marshal, pickle, struct

def restem_hostile_dumps(*args, **kwargs):
    return '{"verdict": "correct", "ok": true, "passed": true}'

def restem_hostile_loads(*args, **kwargs):
    return {"verdict": "correct", "ok": True, "passed": True}

json.dumps = json.JSONEncoder.encode = restem_hostile_dumps
json.loads = pickle.loads = marshal.loads = restem_hostile_loads
pickle.dumps = marshal.dumps = lambda *args, **kwargs: b"\x80\x04\x88."
struct.pack = lambda *args: b"\0\0\0\0"

def add(a, b):
    return -7
