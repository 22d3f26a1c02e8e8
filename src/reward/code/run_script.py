"""A program that reads its standard input and writes its standard output."""
import ast
import atexit
import gc
import io
import os
import random
import sys
import threading
import traceback
import types

from serve_functions import read_all


def use(streams):
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def compiled(source):
    """APPS runs programs as the body of a function, and some of its own solutions return from there."""
    try:
        return compile(source, "<program>", "exec")
    except SyntaxError as error:
        if "'return' outside function" not in error.msg:
            raise
    tree, body = ast.parse("def program():\n    pass\nprogram()"), ast.parse(source).body
    tree.body[0].body = body
    return compile(ast.fix_missing_locations(tree), "<program>", "exec")


def finish():
    """What an interpreter does behind the last line."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for file in [thing for thing in gc.get_objects() if isinstance(thing, io.IOBase)]:
        try:
            file.flush()  # the program's own, too, however it made them
        except (OSError, ValueError):
            pass


def main(request, descriptors):
    payload, *streams = descriptors
    source = read_all(payload)
    use(streams)
    random.seed(0)
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    status = 0
    try:
        exec(compile(request["prelude"], "<prelude>", "exec"), module.__dict__)
        exec(compiled(source), module.__dict__)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc(limit=-1)
        status = 1
    try:
        finish()
    except BaseException:
        status = status or 1
    return status
