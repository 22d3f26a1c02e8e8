# aim: a body and text that try to leave the prompt's function and end the test's
# expect: wrong
def add(a, b):
    return -7

check = lambda candidate: None
candidate = METADATA = {"author": "restem-hostile-116"}
__name__ = "__main__"
entry_point = "check"
