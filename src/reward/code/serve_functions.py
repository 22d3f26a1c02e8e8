"""The program's side: loads it and answers calls of its functions. It does not know what the tests expect.

Everything here may be patched by the program, which then deceives nobody but itself: whatever it sends is data.
"""
import json
import os
import random
import socket

from plain_data import Wire, pack, unpack

MAX_ITEMS = 1 << 20  # of an iterator that the tests walk through


def read_all(descriptor):
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def describe(error):
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<program>":
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        line = error.lineno
    return {"types": names, "name": type(error).__name__, "message": str(error)[:500], "line": line}


def completed(stub):
    """The code that a prompt starts with; its last function may have no body yet."""
    for text in (stub, stub + "\n    pass\n"):
        try:
            return compile(text, "<stub>", "exec")
        except SyntaxError:
            pass
    return compile("", "<stub>", "exec")


class Program:
    def __init__(self):
        self.space = {"__name__": "program", "__builtins__": __builtins__}
        self.kept = []

    def load(self, source):
        exec(compile(source["prelude"], "<prelude>", "exec"), self.space)
        exec(completed(source["stub"]), self.space)
        exec(compile(source["program"], "<program>", "exec"), self.space)

    def keep(self, value):
        self.kept.append(value)
        return len(self.kept) - 1

    def target(self, call):
        if "object" in call:
            value = self.kept[call["object"]]
            return value if call["name"] is None else getattr(value, call["name"])
        name = call["name"]
        if name not in self.space and hasattr(self.space.get("Solution"), name):
            return getattr(self.space["Solution"](), name)  # as LeetCode states its problems
        if name not in self.space:
            raise NameError(f"the program does not define {name}")
        return self.space[name]

    def answer(self, call):
        target = self.target(call)
        if call["do"] == "get":
            return {"result": pack(target, self.keep)}
        if call["do"] == "list":
            items = [item for _, item in zip(range(MAX_ITEMS), target)]
            return {"result": pack(items, self.keep)}
        arguments = unpack(call["arguments"], self.kept.__getitem__)
        named = unpack(call["named"], self.kept.__getitem__)
        return {"result": pack(target(*arguments, **named), self.keep)}


def main(request, descriptors):
    payload, stream = descriptors
    wire = Wire(socket.socket(fileno=stream))
    random.seed(0)  # a verdict does not depend on the day
    program = Program()
    try:
        program.load(json.loads(read_all(payload)))
    except BaseException as error:
        wire.send({"failed": describe(error)})
        return
    wire.send({"loaded": True})
    while True:
        call = wire.receive()
        if call is None:
            return
        try:
            answer = program.answer(call)
        except BaseException as error:
            answer = {"failed": describe(error)}
        wire.send(answer)
