#!/usr/bin/env bash
# Makes a bare Debian 12 or Ubuntu 24.04 machine able to build restem: system packages, and a private
# Python environment in .venv with the pinned LibTorch and Arrow wheels. Idempotent; the second run returns in seconds.
#
#   scripts/setup.sh            what a build and a run on the CPU need
#   scripts/setup.sh --tests    also what the tests compare against (transformers, tokenizers, tensorboard)
#   scripts/setup.sh --cuda     also a CUDA 13.0 compiler, where the machine has none
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VENV=.venv
readonly STAMPS=$VENV/stamps

# ---- Pins -------------------------------------------------------------------------------------------
readonly SYSTEM_PACKAGES=(
  build-essential ca-certificates ccache cmake git mold ninja-build pkg-config python3 python3-venv
  libabsl-dev libbenchmark-dev libgloo-dev libgmock-dev libgtest-dev libhwy-dev libpcre2-dev libspdlog-dev
  libicu-dev libxxhash-dev zlib1g-dev libzstd-dev libyaml-cpp-dev nlohmann-json3-dev
  libflint-dev libflint-arb-dev libantic-dev libcalcium-dev libcurl4-openssl-dev libseccomp-dev bubblewrap)
readonly TEST_SYSTEM_PACKAGES=(clang-format clang-tidy iproute2 libcpp-httplib-dev)
readonly TORCH=torch==2.11.0
readonly ARROW=pyarrow==26.0.1  # its C++ library reads Parquet
# A CPU build of LibTorch needs these two even where there is no GPU.
readonly CUDA_RUNTIME=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
readonly CUDA_COMPILER=("cuda-toolkit[nvcc,cudart,cccl,cublas]==13.0.2" nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88)
readonly TORCH_LIBRARIES=(nvidia-cusparselt-cu13==0.8.0 nvidia-nvshmem-cu13==3.4.5 nvidia-cufile==1.15.1.6)
# The CUDA half of LibTorch loads these two; NVIDIA's toolkit has neither.
readonly CUDNN=nvidia-cudnn-cu13==9.19.0.56 NCCL=nvidia-nccl-cu13==2.28.9
readonly TORCH_NEEDS=(filelock fsspec jinja2 networkx sympy typing_extensions)
readonly TEST_PYTHON=(numpy==2.4.6 transformers==5.17.0 peft==0.21.2 accelerate==1.15.0 tokenizers==0.23.3
  sentencepiece==0.2.3 tensorboard==2.21.0)

say() { echo "setup: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    say "needs root to run: $*"; exit 1
  fi
}

install_system_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing system packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# pip_once NAME ARGS...: runs `pip install ARGS` unless the same ARGS were installed before under NAME.
pip_once() {
  local stamp=$STAMPS/$1; shift
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$*" ] && return
  say "installing into $VENV: $*"
  "$VENV/bin/python" -m pip install -q --disable-pip-version-check "$@"
  echo "$*" >"$stamp"
}

has_cuda_toolkit() { [ -e /usr/local/cuda/lib64/libcudart.so.13 ] && [ -x /usr/local/cuda/bin/nvcc ]; }

has_library() { [ -e "/usr/local/cuda/lib64/$1" ] || ldconfig -p | grep "$1" >/dev/null; }

# What LibTorch's CUDA half and `import torch` load beside a toolkit.
install_torch_libraries() {
  pip_once torch-python --no-deps "${TORCH_LIBRARIES[@]}"
  has_library libcudnn.so.9 || pip_once cudnn --no-deps $CUDNN
  has_library libnccl.so.2 || pip_once nccl --no-deps $NCCL
}

tests=no cuda=no
for arg in "$@"; do
  case $arg in
    --tests) tests=yes ;;
    --cuda) cuda=yes ;;
    *) say "unknown argument $arg (known: --tests --cuda)"; exit 2 ;;
  esac
done

install_system_packages "${SYSTEM_PACKAGES[@]}"
[ -x $VENV/bin/python ] || { say "creating $VENV"; /usr/bin/python3 -m venv $VENV; }
mkdir -p $STAMPS
pip_once torch --no-deps $TORCH
pip_once arrow --no-deps $ARROW
has_cuda_toolkit || pip_once cuda-runtime --no-deps "${CUDA_RUNTIME[@]}"
if [ $cuda = yes ] && ! has_cuda_toolkit; then pip_once cuda-compiler "${CUDA_COMPILER[@]}"; fi
if [ $tests = yes ]; then
  install_system_packages "${TEST_SYSTEM_PACKAGES[@]}"
  if has_cuda_toolkit; then
    install_torch_libraries
    pip_once torch-needs "${TORCH_NEEDS[@]}"
  else
    pip_once torch-python $TORCH  # with every CUDA library that it names
  fi
  pip_once tests "${TEST_PYTHON[@]}"
elif [ $cuda = yes ]; then
  install_torch_libraries
fi
say "ready"
