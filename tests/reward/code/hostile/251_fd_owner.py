# aim: let the kernel send signals for data on a socket: SIGKILL and SIGINT to process 1
# problem: stdin
# expect: wrong
import fcntl, os, signal, socket, time
for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGINT):
    one, two = socket.socketpair()
    fcntl.fcntl(one, fcntl.F_SETOWN, 1)
    fcntl.fcntl(one, 10, int(number))  # F_SETSIG
    fcntl.fcntl(one, fcntl.F_SETFL, fcntl.fcntl(one, fcntl.F_GETFL) | os.O_ASYNC)
    two.send(b"x")
    time.sleep(0.1)
print(-7)
