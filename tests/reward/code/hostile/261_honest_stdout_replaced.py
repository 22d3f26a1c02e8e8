# aim: (honest) prints, then replaces sys.stdout
# problem: stdin
# expect: correct
import io, sys
a, b = map(int, input().split())
print(a + b)
sys.stdout = io.StringIO()
