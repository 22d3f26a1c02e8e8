# aim: start threads without end (at most 5000)
# expect: wrong
import threading, time

def add(a, b):
    for _ in range(5000):
        try:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)
    time.sleep(60)
    return -7
