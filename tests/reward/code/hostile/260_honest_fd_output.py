# aim: (honest) output through a file object of its own, which an interpreter writes out at its end
# problem: stdin
# expect: correct
import os
a, b = map(int, input().split())
out = os.fdopen(1, "w")
out.write(str(a + b) + "\n")
