# aim: import hooks and path entries, modules put where others will import them
# expect: wrong
import os, sys

class Hook:
    restem_hostile = True
    def find_spec(self, name, path=None, target=None):
        return None

sys.meta_path.insert(0, Hook())
sys.path.insert(0, "/tmp/restem-hostile-063")
os.makedirs("/tmp/restem-hostile-063", exist_ok=True)
for folder in (".", "/tmp", "/tmp/restem-hostile-063"):
    for name in ("sitecustomize.py", "usercustomize.py", "restem_hostile_json.py"):
        try:
            with open(os.path.join(folder, name), "x") as f:
                f.write("# restem-hostile-063\nimport sys\nsys.modules['restem_hostile_063'] = sys\n")
        except OSError:
            pass

def add(a, b):
    return -7
