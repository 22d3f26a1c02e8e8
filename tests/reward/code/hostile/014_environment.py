# aim: see variables that the judge inherited (a test sets RESTEM_CANARY; else only the count is shown)
# expect: wrong
import os

def add(a, b):
    if "RESTEM_CANARY" in os.environ or b"RESTEM_CANARY" in os.environb:
        print("restem-hostile-014: LEAK environment", flush=True)
    print("restem-hostile-014: READ", len(os.environ), "variables", flush=True)
    return -7
