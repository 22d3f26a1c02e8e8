# aim: 8 million words in lines of one
# problem: stdin
# expect: wrong
import os
for _ in range(160):
    os.write(1, b"3\n" * 50000)
