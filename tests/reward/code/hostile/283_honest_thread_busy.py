# aim: (honest) works in a second thread with pauses of a millisecond, 0.4 s a call: wrong where other programs burn the cores
# expect: correct
import threading, time

def add(a, b):
    def work():
        for _ in range(100):
            stop = time.thread_time() + 0.003
            while time.thread_time() < stop:
                pass
            time.sleep(0.001)
    t = threading.Thread(target=work)
    t.start()
    t.join()
    return a + b
