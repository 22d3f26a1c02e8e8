#include "kernels/device.cuh"
#include "kernels/glu.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 256;

template <typename T>
__device__ void LoadBiased(const T* from, const float* bias, float (&x)[4]) {
  LoadFour(from, x);
  if (bias != nullptr) AddFour(bias, x);
}

// s(z), see the header.
__device__ float Inner(Activation activation, float z) {
  return activation == Activation::kSilu ? z : kGeluScale * (z + kGeluCubic * z * z * z);
}

// A thread for four elements of a row.
template <typename T>
__global__ void __launch_bounds__(kThreads) GluKernel(
    Activation activation, int64_t rows, int64_t width, const T* gate_up, const float* bias, T* y) {
  const int64_t item = 4 * (int64_t{blockIdx.x} * kThreads + threadIdx.x);
  const int64_t row = item / width;
  const int64_t i = item % width;
  if (row >= rows) return;
  const T* own = gate_up + row * 2 * width + i;
  float gate[4];
  float up[4];
  LoadBiased(own, bias == nullptr ? nullptr : bias + i, gate);
  LoadBiased(own + width, bias == nullptr ? nullptr : bias + width + i, up);
  // Where e^−s is infinite, the result is zero.
#pragma unroll
  for (int j = 0; j < 4; ++j) up[j] *= gate[j] / (1.0F + FastExp(-Inner(activation, gate[j])));
  StoreFour(up, y + item);
}

}  // namespace

CudaError Glu(Activation activation,
              Precision precision,
              int64_t rows,
              int64_t width,
              const void* gate_up,
              const float* bias,
              void* y,
              CudaStream stream) {
  if (width % 4 != 0) return kNotSupported;
  if (!AllAligned({gate_up, bias, y})) return kMisaligned;
  return ForPrecision(precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer(rows * width / 4, kThreads),
                  stream,
                  GluKernel<T>,
                  activation,
                  rows,
                  width,
                  static_cast<const T*>(gate_up),
                  bias,
                  static_cast<T*>(y));
  });
}

}  // namespace restem::kernels::cuda
