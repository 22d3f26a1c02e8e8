# aim: ignore all signals that can be, cancel alarms, then loop (10 minutes)
# expect: wrong
import signal, time

def add(a, b):
    for s in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(s, signal.SIG_IGN)
        except OSError:
            pass
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    end = time.time() + 600
    while time.time() < end:
        pass
    return -7
