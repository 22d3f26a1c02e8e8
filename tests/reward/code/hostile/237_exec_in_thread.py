# aim: a thread that is not the first executes another program, in the name of the first
# problem: stdin
# expect: wrong
import os, threading
threading.Thread(target=lambda: os.execv("/usr/bin/yes", ["yes", "3"])).start()
threading.Event().wait()
