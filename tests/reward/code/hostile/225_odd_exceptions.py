# aim: exceptions of the builtins with strange constructors, and messages that are no text
# test: def check(candidate):\n    for i in range(20):\n        try:\n            candidate(i, 2)\n        except Exception:\n            continue\n        raise AssertionError\n    assert candidate(1, 2) == 3\n
# expect: wrong
import sys

def add(a, b):
    raise ValueError(a)

NAMES = ["ExceptionGroup", "UnicodeDecodeError", "StopIteration", "StopAsyncIteration", "GeneratorExit", "KeyboardInterrupt", "SystemExit", "BaseException",
         "Warning", "OSError", "ImportError", "NameError", "SyntaxError", "__import__", "print", "AssertionError"]

sys.modules["serve_functions"].describe = lambda error: {
    "types": [NAMES[error.args[0] % len(NAMES)]], "name": ["list"], "message": {"a": [1]}, "line": {"x": 1}}
