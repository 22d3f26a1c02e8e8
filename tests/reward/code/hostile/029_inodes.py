# aim: use up the inodes: many empty files, then deep folders
# expect: wrong
import os, time

def add(a, b):
    end = time.time() + 30
    try:
        os.makedirs("/tmp/restem-hostile-029", exist_ok=True)
        os.chdir("/tmp/restem-hostile-029")
        for i in range(100000):
            os.close(os.open(f"f{i}", os.O_CREAT | os.O_WRONLY))
            if time.time() > end:
                break
        for i in range(2000):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    except OSError:
        pass
    return -7
