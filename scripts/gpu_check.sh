#!/usr/bin/env bash
# Checks and times the CUDA kernels on this machine's GPU, and writes tests/bench/gpu_results.json.
#
#   scripts/gpu_check.sh                    sets up, builds for this GPU in build/gpu, runs everything
#   scripts/gpu_check.sh --prebuilt DIR     runs binaries brought along: see below
#   scripts/gpu_check.sh --steps LIST       some of tests,memcheck,racecheck,benchmarks,peers; the others' results stay
#   scripts/gpu_check.sh --results FILE     writes there instead
#
# A step that fails is recorded, and the next one runs. Exit code 0: all passed; 1: a step failed or could not start (where
# compute-sanitizer is missing, say); 2: nothing was run.
#
# Tests of the engine read the model $RESTEM_DATA/stories260K/hf.
#
# DIR has, at the top or where a build folder has them: cuda_kernels_test, ops_test, cuda_engine_test,
# comm_test, trainer_test, linear_logprob_bench, paged_attention_bench, decode_step_bench, train_step_bench,
# librestem_torch.so; also SOURCES, what
# `scripts/gpu_results.py hash` said when they were built, and in lib/ the shared libraries that this machine lacks.
# LibTorch is that of RESTEM_PYTHON, else of .venv/bin/python, else of python3: the version built with. If that Python has
# no torch, LibTorch must be in lib/, and the peers are left out.
set -uo pipefail

say() { echo "gpu_check: $*" >&2; }
stop() { say "$*"; exit 2; }

readonly TARGETS=(
  tests/kernels/cuda_kernels_test tests/ops/ops_test tests/sampler/cuda_engine_test tests/bench/linear_logprob_bench
  tests/bench/paged_attention_bench tests/bench/decode_step_bench tests/bench/train_step_bench
  tests/bench/restem_torch_library tests/comm/comm_test tests/families/families_test tests/trainer/trainer_test)
prebuilt='' steps=tests,memcheck,racecheck,benchmarks,peers results=''
while [ $# -gt 0 ]; do
  case $1 in -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' "$0"; exit 0 ;; esac
  [ $# -ge 2 ] || stop "$1 needs a value, or is unknown (known: --prebuilt DIR --steps LIST --results FILE)"
  case $1 in
    --prebuilt) prebuilt=$(realpath -e -- "$2") || stop "--prebuilt $2: no such folder" ;;
    --steps) steps=$2 ;;
    --results) results=$(realpath -m -- "$2") ;;
    *) stop "unknown argument $1 (known: --prebuilt DIR --steps LIST --results FILE)" ;;
  esac
  shift 2
done
for step in ${steps//,/ }; do
  case $step in
    tests | memcheck | racecheck | benchmarks | peers) ;;
    *) stop "unknown step $step (known: tests memcheck racecheck benchmarks peers)" ;;
  esac
done
[[ ! ,$steps, =~ ,(tests|memcheck|racecheck), ]] || [ -d "${RESTEM_DATA:-}/stories260K/hf" ] ||
  stop "RESTEM_DATA names no folder with stories260K/hf, without which the engine's tests would all skip; nothing was run"
cd "$(dirname "$0")/.." || stop "cannot enter the repository"
results=${results:-$PWD/tests/bench/gpu_results.json}
export PATH=$PATH:/usr/local/cuda/bin

gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -n 1)
[ -n "$gpu" ] || stop "no GPU here (nvidia-smi is missing or lists none); nothing was run"
command -v python3 >/dev/null || stop "needs python3; nothing was run"

export RESTEM_REQUIRE_GPU=1  # tests that find no device fail: a driver may be too old for this CUDA
readonly STEP_SECONDS=${RESTEM_STEP_SECONDS:-1800}

work=$(mktemp -d "${TMPDIR:-/tmp}/restem-gpu-check.XXXXXX") || stop "cannot make a folder for logs"
failed=0

# ---- Steps ---------------------------------------------------------------------------------------
# run GROUP/STEP COMMAND...: logs, ends what hangs, records the exit code (124: it hung), and brings the results up to date, so that a run that is cut off
# leaves what it has.
run() {
  local name=$1 began=$SECONDS code
  shift
  say "$name: $*"
  timeout --kill-after=10 "$STEP_SECONDS" "$@" 2>&1 | tee "$work/${name//\//-}.log"
  code=${PIPESTATUS[0]}
  [ "$code" = 0 ] || { failed=1; say "$name FAILED with exit code $code"; }
  printf '%s\t%s\t%s\t%s\n' "$name" "$code" $((SECONDS - began)) "$*" >>"$work/steps.tsv"
  python3 scripts/gpu_results.py collect "$work" --results "$results" ||
    { failed=1; say "the results could not be written"; }
  return "$code"
}

wanted() { [[ ,$steps, == *,$1,* ]]; }

# The path of a binary, whether it exists or not.
binary() {
  if [ -e "$folder/$1" ]; then echo "$folder/$1"; else echo "$folder/$(basename "$1")"; fi
}

describe_machine() {
  local driver_cuda
  driver_cuda=$(nvidia-smi 2>/dev/null | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/\1/p' | head -n 1)
  printf '%s\t%s\n' device "${gpu%,*}" driver "${gpu##*, }" cuda "${driver_cuda:-unknown}" \
    prebuilt "$prebuilt" >"$work/machine.tsv"
}

# What does not build leaves no older binary behind that could pass for it.
build() {
  local target name
  folder=$PWD/build/gpu
  run build/setup ./scripts/setup.sh --tests --cuda
  run build/configure cmake --preset cuda -B "$folder" -DRESTEM_CUDA_ARCHITECTURES=native
  for target in "${TARGETS[@]}"; do
    name=$(basename "$target")
    run "build/$name" cmake --build "$folder" --target "$name" && continue
    rm -f "$folder/$target" "$folder/tests/bench/librestem_torch.so"
  done
}

use_prebuilt() {
  local libraries
  folder=$prebuilt
  [ "$(cat "$folder/SOURCES" 2>/dev/null)" = "$(python3 scripts/gpu_results.py hash)" ] ||
    stop "$folder/SOURCES is not what 'gpu_results.py hash' says here: binaries of other sources; nothing was run"
  libraries=$folder/lib
  if [ -n "$torch" ]; then
    libraries+=:$torch/lib
    libraries+=$(printf ':%s' "$torch"/../nvidia/*/lib)
  fi
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

run_tests() {
  local test
  if [ -z "$prebuilt" ]; then
    run tests/ctest ctest --test-dir "$folder" -L gpu --no-tests=error -V
    return
  fi
  for test in tests/kernels/cuda_kernels_test tests/ops/ops_test tests/sampler/cuda_engine_test tests/comm/comm_test \
    tests/trainer/trainer_test; do
    run "tests/$(basename "$test")" "$(binary "$test")"
  done
}

run_sanitizer() {
  local test
  for test in tests/kernels/cuda_kernels_test tests/sampler/cuda_engine_test; do
    run "$1/$(basename "$test")" compute-sanitizer --tool "$1" --error-exitcode 99 "$(binary "$test")"
  done
}

run_benchmarks() {
  local name
  for name in linear_logprob_bench paged_attention_bench decode_step_bench train_step_bench; do
    run "benchmarks/$name" "$(binary "tests/bench/$name")" --benchmark_filter=cuda \
      --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true \
      --benchmark_out="$work/benchmarks-$name.json" --benchmark_out_format=json
    # It also succeeds where it saw no GPU and so knows no benchmark of that name.
    grep -qs median "$work/benchmarks-$name.json" || { failed=1; say "benchmarks: no medians of $name"; }
  done
}

# peers NAME ARGS...
peers() {
  local name=$1
  shift
  run "peers/$name" "$python" scripts/peers/compare_linear_logprob.py --device cuda \
    --library "$(binary tests/bench/librestem_torch.so)" --json "$work/peers-$name.json" "$@"
}

run_peers() {
  if [ -z "$torch" ]; then
    say "peers: left out, since $python has no torch"
    return
  fi
  peers plain
  peers live --live 0.3
  peers peaked --peaked --shapes 4096,4096,128256
}

# ---- All of them ---------------------------------------------------------------------------------
folder='' torch=''
describe_machine
[ -n "$prebuilt" ] || build
python=${RESTEM_PYTHON:-}
if [ -z "$python" ]; then if [ -x .venv/bin/python ]; then python=.venv/bin/python; else python=python3; fi; fi
torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null)
[ -z "$prebuilt" ] || use_prebuilt
! wanted tests || run_tests
! wanted memcheck || run_sanitizer memcheck
! wanted racecheck || run_sanitizer racecheck
! wanted benchmarks || run_benchmarks
! wanted peers || run_peers

python3 scripts/gpu_results.py check --results "$results"
say "wrote $results; logs are in $work"
exit "$failed"
