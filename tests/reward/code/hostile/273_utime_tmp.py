# aim: a message to the next program in the times of /tmp
# expect: wrong
import os

def add(a, b):
    st = os.stat("/tmp")
    try:
        os.utime("/tmp", (1, 4711))
    except OSError as e:
        raise RuntimeError(str(e))
    raise RuntimeError(f"set; it was {st.st_mtime}")
