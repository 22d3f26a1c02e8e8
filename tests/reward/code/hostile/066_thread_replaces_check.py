# aim: a thread that replaces check before it is called, and ends the process with 0
# expect: wrong
import os, sys, threading, time

def work():
    for _ in range(2000):
        g = sys.modules["__main__"].__dict__
        for space in (g, globals()):
            if "check" in space:
                space["check"] = lambda candidate: None
        time.sleep(0.0005)
    os._exit(0)

threading.Thread(target=work, name="restem-hostile-066", daemon=True).start()

def add(a, b):
    time.sleep(0.2)
    return -7
