#!/usr/bin/env bash
# A restem command in several processes, on one machine or on several. The same line on each machine:
#
#   PROCESSES=4 ./torchrun.sh run JOB.yaml --run-dir DIR
#   NODES=2 HOST=node1 ./torchrun.sh run JOB.yaml --run-dir DIR     # HOST: any of them, by a name that all know
#
# All machines must see JOB.yaml, its data and the run directory at the same path. torchrun is PyTorch's, 2.9 or later: TORCHRUN,
# else the one on PATH, else that of setup.sh --tests.
# Where a process is lost, torchrun ends the others and starts all of them again, and restem goes on from what was recorded;
# so it does, with NODES=1:4, with the machines that are left. On SIGTERM restem saves, but torchrun ends with 1, not with 75.
set -euo pipefail

restem=${RESTEM:-restem}
nodes=${NODES:-1}             # or the fewest and the most that may be, such as 1:4
processes=${PROCESSES:-1}     # on each machine; with `device: cuda` one for each GPU
host=${HOST:-localhost}
port=${PORT:-29400}
name=${NAME:-restem}          # jobs that use the same host and port must not have the same one
restarts=${RESTARTS:-3}
torchrun=${TORCHRUN:-torchrun}
command -v "$torchrun" >/dev/null || torchrun=$(dirname "$0")/../../.venv/bin/torchrun
command -v "$torchrun" >/dev/null ||
  { echo "torchrun.sh: no torchrun: pip install torch, or restem's scripts/setup.sh --tests, brings one" >&2; exit 2; }

if (($# < 2)); then
  echo "usage: torchrun.sh COMMAND JOB.yaml [flags]" >&2
  exit 2
fi

exec "$torchrun" --no-python --nnodes "$nodes" --nproc-per-node "$processes" --max-restarts "$restarts" \
  --rdzv-backend c10d --rdzv-endpoint "$host:$port" --rdzv-id "$name" \
  "$restem" "$@"
