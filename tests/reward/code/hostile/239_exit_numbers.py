# aim: exit codes that are none, behind wrong output
# problem: stdin
# expect: wrong
import sys
print(-7, flush=True)
class E(SystemExit):
    @property
    def code(self):
        raise KeyboardInterrupt
raise E()
