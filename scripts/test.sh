#!/usr/bin/env bash
# Sets up, builds and runs every test. Where the public data is not at hand, the tests that read it skip and say so:
#
#   RESTEM_DATA=/path/to/data scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
./scripts/setup.sh --tests
.venv/bin/python scripts/check_layers.py
for script in scripts/*.sh scripts/cluster/*.{sh,sbatch}; do bash -n "$script"; done
.venv/bin/python -c 'import sys, yaml; [list(yaml.safe_load_all(open(f))) for f in sys.argv[1:]]' scripts/cluster/*.yaml
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
ctest --preset "$preset"
