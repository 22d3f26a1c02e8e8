#!/usr/bin/env bash
# Sets up, builds, and runs the quickstart job to its end: a small model teaches itself arithmetic word problems.
# Arguments go to `restem run`, for example --fresh or --set em.iterations=3.
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release --target restem
exec build/release/restem run configs/quickstart/job.yaml "$@"
