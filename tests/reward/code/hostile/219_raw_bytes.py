# aim: bytes that are no UTF-8 in the output, in the complaint and in a place where the reason is cut
# problem: stdin
# expect: wrong
import os
os.write(1, b"\xff\xfe" + "é".encode() * 200)
os.write(2, b"\xff\xfe\x80" + "é".encode() * 400 + b"\xe9")
