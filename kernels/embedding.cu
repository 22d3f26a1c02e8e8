#include "kernels/device.cuh"
#include "kernels/embedding.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 256;

// A thread for four elements of a row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    EmbedKernel(int64_t rows, int64_t width, const T* table, const int32_t* tokens, float* x) {
  const int64_t item = 4 * (int64_t{blockIdx.x} * kThreads + threadIdx.x);
  const int64_t row = item / width;
  if (row >= rows) return;
  float values[4] = {};
  const int64_t token = tokens[row];
  if (token >= 0) LoadFour(table + token * width + item % width, values);
  StoreFour(values, x + item);
}

}  // namespace

CudaError EmbedTokens(Precision precision,
                      int64_t rows,
                      int64_t width,
                      const void* table,
                      const int32_t* tokens,
                      float* x,
                      CudaStream stream) {
  if (width % 4 != 0) return kNotSupported;
  if (!AllAligned({table, x})) return kMisaligned;
  return ForPrecision(precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer(rows * width / 4, kThreads),
                  stream,
                  EmbedKernel<T>,
                  rows,
                  width,
                  static_cast<const T*>(table),
                  tokens,
                  x);
  });
}

}  // namespace restem::kernels::cuda
