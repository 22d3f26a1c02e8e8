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

// z·s'(z). Beyond 100 the slope of σ is 0, and this must not be infinite.
__device__ float InnerSlope(Activation activation, float z) {
  if (activation == Activation::kSilu) return z;
  z = fminf(fmaxf(z, -100.0F), 100.0F);
  return kGeluScale * (z + 3.0F * kGeluCubic * z * z * z);
}

// σ(s(z)); where e^−s is infinite, zero.
__device__ float Sigmoid(Activation activation, float z) {
  return 1.0F / (1.0F + FastExp(-Inner(activation, z)));
}

// Of an array's last four elements there may be fewer.
template <typename T>
__device__ void LoadSome(const T* from, int64_t count, float (&x)[4]) {
  if (count >= 4) return LoadFour(from, x);
  for (int j = 0; j < 4; ++j) x[j] = j < count ? ToFloat(from[j]) : 0.0F;
}
template <typename T>
__device__ void StoreSome(const float (&x)[4], int64_t count, T* to) {
  if (count >= 4) return StoreFour(x, to);
  for (int j = 0; j < count; ++j) FromFloat(x[j], to[j]);
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
#pragma unroll
  for (int j = 0; j < 4; ++j) up[j] *= gate[j] * Sigmoid(activation, gate[j]);
  StoreFour(up, y + item);
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    ForwardKernel(Activation activation, int64_t count, const T* gate, const T* up, T* y) {
  const int64_t item = 4 * (int64_t{blockIdx.x} * kThreads + threadIdx.x);
  if (item >= count) return;
  float z[4];
  float other[4] = {1.0F, 1.0F, 1.0F, 1.0F};
  LoadSome(gate + item, count - item, z);
  if (up != nullptr) LoadSome(up + item, count - item, other);
#pragma unroll
  for (int j = 0; j < 4; ++j) z[j] *= other[j] * Sigmoid(activation, z[j]);
  StoreSome(z, count - item, y + item);
}

template <typename T>
struct GluGradient {
  const T* dy;
  const T* gate;
  const T* up;  // null: none, and no dup
  T* dgate;
  T* dup;
};

// d z·σ(s(z)) / dz = σ·(1 + z·s'(z)·(1 − σ)).
template <typename T>
__global__ void __launch_bounds__(kThreads)
    BackwardKernel(Activation activation, int64_t count, GluGradient<T> at) {
  const int64_t item = 4 * (int64_t{blockIdx.x} * kThreads + threadIdx.x);
  if (item >= count) return;
  float z[4];
  float slope[4];  // of y to the gate, times dy
  float active[4];
  LoadSome(at.gate + item, count - item, z);
  LoadSome(at.dy + item, count - item, slope);
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const float sigmoid = Sigmoid(activation, z[j]);
    active[j] = slope[j] * z[j] * sigmoid;
    slope[j] *= sigmoid * fmaf(InnerSlope(activation, z[j]), 1.0F - sigmoid, 1.0F);
  }
  if (at.up != nullptr) {
    float up[4];
    LoadSome(at.up + item, count - item, up);
#pragma unroll
    for (int j = 0; j < 4; ++j) slope[j] *= up[j];
    StoreSome(active, count - item, at.dup + item);
  }
  StoreSome(slope, count - item, at.dgate + item);
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

CudaError GluForward(Activation activation,
                     Precision precision,
                     int64_t count,
                     const void* gate,
                     const void* up,
                     void* y,
                     CudaStream stream) {
  if (!AllAligned({gate, up, y})) return kMisaligned;
  return ForPrecision(precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer((count + 3) / 4, kThreads),
                  stream,
                  ForwardKernel<T>,
                  activation,
                  count,
                  static_cast<const T*>(gate),
                  static_cast<const T*>(up),
                  static_cast<T*>(y));
  });
}

CudaError GluBackward(Activation activation,
                      Precision precision,
                      int64_t count,
                      const void* dy,
                      const void* gate,
                      const void* up,
                      void* dgate,
                      void* dup,
                      CudaStream stream) {
  if (!AllAligned({dy, gate, up, dgate, dup})) return kMisaligned;
  return ForPrecision(precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer((count + 3) / 4, kThreads),
                  stream,
                  BackwardKernel<T>,
                  activation,
                  count,
                  GluGradient<T>{static_cast<const T*>(dy),
                                 static_cast<const T*>(gate),
                                 static_cast<const T*>(up),
                                 static_cast<T*>(dgate),
                                 static_cast<T*>(dup)});
  });
}

}  // namespace restem::kernels::cuda
