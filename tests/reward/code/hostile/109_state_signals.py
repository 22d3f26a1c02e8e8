# aim: leave signal handlers, a timer and a blocked mask for the next program
# expect: wrong
import signal

def restem_hostile_handler(number, frame):
    pass

def add(a, b):
    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU, signal.SIGUSR1, signal.SIGCHLD):
        signal.signal(s, restem_hostile_handler)
    signal.setitimer(signal.ITIMER_REAL, 3, 3)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGXFSZ})
    return -7
