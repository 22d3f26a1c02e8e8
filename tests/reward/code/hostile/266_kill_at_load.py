# aim: end before anything is loaded, with a half frame sent
# expect: wrong
import os, stat, struct
for f in range(3, 40):
    try:
        if stat.S_ISSOCK(os.fstat(f).st_mode):
            os.write(f, struct.pack("<I", 100) + b'{"loaded": tr')
    except OSError:
        pass
os._exit(0)
