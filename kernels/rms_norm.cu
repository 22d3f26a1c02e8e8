#include "kernels/device.cuh"
#include "kernels/rms_norm.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarp;
constexpr int kStep = 4 * kThreads;  // elements of a row that the block works on at once

// Over all threads of the block, in a fixed order; the same in all of them. `room`: kWarps floats
// of shared memory.
__device__ float SumOverBlock(float x, float* room) {
  constexpr unsigned kAll = 0xffffffffU;
  for (int distance = 1; distance < kWarp; distance *= 2) x += __shfl_xor_sync(kAll, x, distance);
  if (threadIdx.x % kWarp == 0) room[threadIdx.x / kWarp] = x;
  __syncthreads();
  float sum = 0.0F;
  for (int warp = 0; warp < kWarps; ++warp) sum += room[warp];
  return sum;
}

// Adds to a thread's four elements of x.
template <typename T>
struct Addend {
  const T* addend;    // [rows, width]; null: nothing is added
  const float* bias;  // [width]

  __device__ void to(int64_t row, int i, int width, float (&x)[4]) const {
    AddFour(addend + row * width + i, x);
    if (bias != nullptr) AddFour(bias + i, x);
  }
};

// A block for each row, which waits in shared memory for its norm. With an addend, `sum` gets x and
// that, and the norm is of the sum.
template <typename T>
__global__ void __launch_bounds__(kThreads) RmsNormKernel(
    RmsNormInput input, const int32_t* chosen, Addend<T> addend, const float* x, float* sum, T* y) {
  RESTEM_DYNAMIC_SHARED(shared);
  auto* room = reinterpret_cast<float*>(shared);
  float* held = room + kWarps;
  const auto width = static_cast<int>(input.width);
  const int64_t row = chosen == nullptr ? blockIdx.x : chosen[blockIdx.x];
  const float* own = x + row * width;
  float squares = 0.0F;
  for (int i = 4 * static_cast<int>(threadIdx.x); i < width; i += kStep) {
    float values[4];
    LoadFour(own + i, values);
    if (addend.addend != nullptr) {
      addend.to(row, i, width, values);
      StoreFour(values, sum + row * width + i);
    }
    StoreFour(values, held + i);
#pragma unroll
    for (const float value : values) squares = fmaf(value, value, squares);
  }
  const float mean = SumOverBlock(squares, room) / static_cast<float>(width);
  const float scale = 1.0F / sqrtf(mean + input.eps);
  for (int i = 4 * static_cast<int>(threadIdx.x); i < width; i += kStep) {
    float values[4];
    float weight[4];
    LoadFour(held + i, values);
    LoadFour(input.weight + i, weight);
#pragma unroll
    for (int j = 0; j < 4; ++j) values[j] *= scale * weight[j];
    StoreFour(values, y + int64_t{blockIdx.x} * width + i);
  }
}

CudaError LaunchNorm(const RmsNormInput& input,
                     const int32_t* chosen,
                     const void* addend,
                     const float* bias,
                     const float* x,
                     float* sum,
                     void* y,
                     CudaStream stream) {
  if (input.width % 4 != 0) return kNotSupported;
  if (!AllAligned({input.weight, addend, bias, x, y})) return kMisaligned;
  const int64_t shared_bytes = (kWarps + input.width) * static_cast<int64_t>(sizeof(float));
  return ForPrecision(input.precision, [&](auto element) {
    using T = decltype(element);
    return Launch({input.rows, kThreads, shared_bytes},
                  stream,
                  RmsNormKernel<T>,
                  input,
                  chosen,
                  Addend<T>{static_cast<const T*>(addend), bias},
                  x,
                  sum,
                  static_cast<T*>(y));
  });
}

}  // namespace

CudaError RmsNorm(
    const RmsNormInput& input, const float* x, const int32_t* chosen, void* y, CudaStream stream) {
  return LaunchNorm(input, chosen, nullptr, nullptr, x, nullptr, y, stream);
}

CudaError AddRmsNorm(const RmsNormInput& input,
                     const void* addend,
                     const float* bias,
                     float* x,
                     void* y,
                     CudaStream stream) {
  return LaunchNorm(input, nullptr, addend, bias, x, x, y, stream);
}

}  // namespace restem::kernels::cuda
