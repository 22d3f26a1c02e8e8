# aim: source that costs the compiler time and memory: constants folded, then a nest of eval
# expect: wrong
def add(a, b):
    s = "(" * 90 + "1" + ")" * 90
    code = "[" + ",".join([s] * 200000) + "]"
    try:
        compile(code, "restem-hostile-118", "exec")
        eval("-" * 5000000 + "1")
    except (MemoryError, RecursionError, SyntaxError):
        pass
    return -7
