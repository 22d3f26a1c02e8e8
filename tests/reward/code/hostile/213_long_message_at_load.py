# aim: a failure to load with a message of megabytes, sent past describe()
# expect: wrong
import sys
sys.modules["serve_functions"].describe = lambda error: {"types": ["ValueError"], "name": "E", "message": "m" * (8 << 20), "line": 1}
raise ValueError()
