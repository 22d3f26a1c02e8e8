#!/usr/bin/env bash
# A restem job as a chain of SLURM jobs, one for each stage, so that each asks for the nodes that it has work for.
#
#   ./slurm_chain.sh JOB.yaml RUN_DIR ITERATIONS [flags of restem, for all stages]
#
# Prints number and name of each job. A stage begins when the one before has come to its end, however often that was queued
# again (slurm.sbatch); behind one that fails all are cancelled. Then mend the cause and submit the chain again: what is
# complete is passed over.
set -euo pipefail

if (($# < 3)); then
  sed -n '4s/^# *//p' "$0" >&2
  exit 2
fi
job=$1
run_dir=$2
iterations=$3    # em.iterations of the job
flags=("${@:4}")

# What each stage asks for. Processes share the samples of `sample` and the steps of `train`; all else is rank 0's alone. A
# job with `tensor_parallel_size` wants no fewer processes than that where it draws, trains and evaluates.
declare -A nodes=(
  [sample]="--nodes 8 --ntasks-per-node 4"
  [score]="--nodes 1 --ntasks-per-node 1"
  [select]="--nodes 1 --ntasks-per-node 1"
  [train]="--nodes 2 --ntasks-per-node 4"
  [evaluate]="--nodes 1 --ntasks-per-node 1"
  [run]="--nodes 1 --ntasks-per-node 1"
)
stages=(sample score select train evaluate)    # without `evaluate` where the job has no test set
all_jobs=()                                    # sbatch's flags for all, such as --partition

before=
submit() {    # NAME COMMAND [flags]: after the job that was submitted before
  local words
  read -ra words <<<"${nodes[$2]}"
  before=$(sbatch --parsable ${before:+--dependency=afterok:$before --kill-on-invalid-dep=yes} --job-name "restem-$1" \
    "${words[@]}" "${all_jobs[@]}" "$(dirname "$0")/slurm.sbatch" "$2" "$job" --run-dir "$run_dir" "${flags[@]}" "${@:3}")
  before=${before%%;*}    # a federation appends its cluster's name
  echo "$before $1"
}

[[ " ${stages[*]} " == *" evaluate "* ]] && submit evaluate-0 evaluate --iteration 0    # the base
for ((iteration = 1; iteration <= iterations; ++iteration)); do
  for stage in "${stages[@]}"; do
    submit "$stage-$iteration" "$stage" --iteration "$iteration"
  done
done
submit report run    # finds all stages complete; makes the random control, if the job has one, and the report
