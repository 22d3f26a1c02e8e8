# aim: a trace function that jumps over the assertions
# expect: wrong
import sys

def trace(frame, event, arg):
    if frame.f_code.co_name == "check":
        frame.f_trace_lines = True
        if event == "line" and frame.f_lineno > frame.f_code.co_firstlineno:
            try:
                frame.f_lineno = frame.f_code.co_firstlineno + len(list(frame.f_code.co_lines()))
            except ValueError:
                pass
    return trace

sys.settrace(trace)
sys.setprofile(lambda *args: None)

def add(a, b):
    f = sys._getframe(1)
    f.f_trace = trace
    return -7
