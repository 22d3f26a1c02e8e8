"""The tests' side: holds the problem's own code and no line of the program's. Functions of the program are stood in
for by proxies, which send their arguments over and get data back.

The task, a JSON file: either {"prelude", "stub", "tests", "entry_point"} (Python source; `check`, if the tests define
one, is called with the entry point) or {"function", "cases": [[arguments, expected], …]} (as APPS states them).
The verdict, one JSON object: {"verdict": "correct" | "wrong" | "error", "reason"}.
"""
import ast
import builtins
import importlib
import json
import os
import socket
import sys

from plain_data import Wire, pack, unpack
from serve_functions import completed, describe, read_all


MAX_REASON = 1000  # characters


class ProgramError(Exception):
    """What the program raised, where it is no exception of the builtins."""


class Broken(BaseException):
    """No answer, or one that cannot be read. Not an Exception, so that few tests catch it."""


def in_words(failure):
    where = "" if failure.get("line") is None else f" (line {failure['line']} of the program)"
    return f"{failure['name']}: {failure['message']}{where}"


def raised(failure):
    """The exception that stands for the program's."""
    for name in failure["types"]:
        kind = getattr(builtins, name, None)
        if name in ("StopIteration", "StopAsyncIteration"):
            continue  # it would end a loop of the tests, as if there were nothing more to test
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            try:
                error = kind(failure["message"])
            except TypeError:  # UnicodeError and its like want more
                continue
            error.program = in_words(failure)
            return error
    error = ProgramError(f"{failure['name']}: {failure['message']}")
    error.program = in_words(failure)
    return error


class Remote:
    """The program, as the tests see it."""

    def __init__(self, wire):
        self.wire = wire
        self.asked = False
        self.unfit = None  # why these tests cannot judge a program
        self.over = None  # why there can be no more answers, whatever the tests make of that

    def end(self, why):
        self.over = self.over or why
        raise Broken(self.over)

    def exchange(self, call):
        self.asked = True
        if self.over:
            self.end(self.over)
        try:
            self.wire.send(call)
            answer = self.wire.receive()
        except BrokenPipeError:
            answer = None
        except Exception as error:
            self.end(f"its answer cannot be read: {error}")
        if answer is None:
            self.end("it ended in the middle of its tests")
        return answer

    def ask(self, call):
        answer = self.exchange(call)
        try:
            if "failed" not in answer:
                return unpack(answer["result"], self.find)
            error = raised(answer["failed"])
        except Exception as trouble:
            self.end(f"its answer cannot be read: {trouble}")
        raise error

    def find(self, number):
        return Kept(self, int(number))

    def call(self, target, arguments, named):
        """Arguments go by value: what the program does to them stays with it."""
        def hold(value):
            if isinstance(value, Kept):
                return value._number
            self.unfit = f"they hand over a {type(value).__name__}, which cannot cross to the program"
            raise Broken(self.unfit)

        packed = {"arguments": pack(list(arguments), hold), "named": pack(named, hold)}
        return self.ask({**target, "do": "call", **packed})

    def function(self, name):
        def proxy(*arguments, **named):
            return self.call({"name": name}, arguments, named)

        proxy.__name__ = name
        return proxy


class Kept:
    """A value that stays with the program: equal to itself only, whatever its type says."""

    def __init__(self, remote, number):
        self._remote, self._number = remote, number

    def __call__(self, *arguments, **named):
        return self._remote.call({"object": self._number, "name": None}, arguments, named)

    def __iter__(self):
        return iter(self._remote.ask({"object": self._number, "name": None, "do": "list"}))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._remote.ask({"object": self._number, "name": name, "do": "get"})


class Names:
    """What the tests' source reads and binds."""

    def __init__(self, source):
        nodes = list(ast.walk(ast.parse(source)))
        self.read = dict.fromkeys(
            node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        self.bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self.bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        self.bound |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.bound |= {(name.asname or name.name).split(".")[0] for name in node.names}
        self.dotted = {node.value.id for node in nodes
                       if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}

    def free(self):
        """Neither bound by the tests nor builtin: the program's, or a module that they forgot to import."""
        return [name for name in self.read if name not in self.bound and not hasattr(builtins, name)]

    def is_module(self, name):
        return name in self.dotted and name in sys.stdlib_module_names


def failed_test(error, source):
    """Which line of the tests it was."""
    program = getattr(error, "program", None)
    if program is not None:
        return program
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    text = "" if line is None else source.splitlines()[line - 1].strip()[:200]
    name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: {str(error)[:200]}: "
    return f"{name}{text}" if text else f"{type(error).__name__}: {str(error)[:200]}"


def stand_ins(task, names, space, remote):
    """The program's functions, and modules that the tests use without importing them."""
    entry = task["entry_point"]
    if entry and entry != "check":  # it may have a builtin's name, and is a mere stub in the problem's code
        space[entry] = remote.function(entry)
    for name in names.free():
        if name in space:
            continue  # the problem's own
        space[name] = importlib.import_module(name) if names.is_module(name) else remote.function(name)


def run_checks(task, names, code, space, remote):
    exec(code, space)
    check = space.get("check")
    if check is None or not task["entry_point"]:
        return
    if "check" in names.read:  # a program's function has the name of the tests'
        space["check"] = remote.function("check")
    check(remote.function(task["entry_point"]))


def run_source(task, remote):
    """Published tests: assertions in Python."""
    space = {"__name__": "tests", "__builtins__": builtins}
    try:
        exec(compile(task["prelude"], "<prelude>", "exec"), space)
        exec(completed(task["stub"]), space)
        code, names = compile(task["tests"], "<tests>", "exec"), Names(task["tests"])
        stand_ins(task, names, space, remote)
    except Exception as error:
        return {"verdict": "error", "reason": f"the problem's tests cannot be read: {describe(error)['message']}"}
    try:
        run_checks(task, names, code, space, remote)
    except Exception as error:
        if isinstance(error, (NameError, ImportError)) and not remote.asked:
            return {"verdict": "error", "reason": f"the problem's tests cannot run: {error}"}
        return {"verdict": "wrong", "reason": failed_test(error, task["tests"])}
    return {"verdict": "correct", "reason": ""}


def listed(value):
    """Tuples as lists, at every depth: JSON has no tuples."""
    if isinstance(value, (list, tuple)):
        return [listed(item) for item in value]
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return value


def keyed_by_numbers(value):
    """JSON's keys are text; a case's dictionary had numbers where all keys are."""
    if isinstance(value, dict):
        try:
            return {int(key): item for key, item in value.items()}
        except ValueError:
            return value
    return value


def run_cases(task, remote):
    """Calls and results, as APPS has them: an expected list of one may stand for its item."""
    function = remote.function(task["function"])
    for number, (arguments, expected) in enumerate(task["cases"]):
        try:
            result = listed(function(*(keyed_by_numbers(argument) for argument in arguments)))
        except Exception as error:
            return {"verdict": "wrong", "reason": f"case {number + 1}: {failed_test(error, '')}"}
        expected = keyed_by_numbers(expected)
        if result == expected or (isinstance(expected, list) and len(expected) == 1 and result == expected[0]):
            continue
        return {"verdict": "wrong", "reason": f"case {number + 1}: {str(result)[:200]} is not {str(expected)[:200]}"}
    return {"verdict": "correct", "reason": ""}


def run(task, remote):
    """Whatever the tests caught: an answer that was none stays none."""
    try:
        verdict = (run_source if "tests" in task else run_cases)(task, remote)
    except (Broken, SystemExit) as trouble:
        verdict = {"verdict": "wrong" if remote.over else "error", "reason": f"the problem's tests cannot run: {trouble}"}
    if remote.unfit:
        return {"verdict": "error", "reason": f"the problem's tests cannot run: {remote.unfit}"}
    return {"verdict": "wrong", "reason": remote.over} if remote.over else verdict


def judge(task, wire):
    try:
        loaded = wire.receive()
        if loaded is None:
            return {"verdict": "wrong", "reason": "it ended before its functions could be called"}
        if "failed" in loaded:
            return {"verdict": "wrong", "reason": in_words(loaded["failed"])}
        if loaded != {"loaded": True}:
            raise Broken("its answer cannot be read")
        return run(task, Remote(wire))
    except Broken as trouble:
        return {"verdict": "wrong", "reason": str(trouble)}
    except Exception as error:  # of a message that is no message
        return {"verdict": "wrong", "reason": f"its answer cannot be read: {error}"}


def main(request, descriptors):
    payload, stream, verdict = descriptors
    task = json.loads(read_all(payload))
    said = judge(task, Wire(socket.socket(fileno=stream)))
    # What a program raises may be long, and no Unicode.
    said["reason"] = said["reason"][:MAX_REASON].encode("utf-8", "replace").decode()
    os.write(verdict, json.dumps(said).encode())
