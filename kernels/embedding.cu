#include "kernels/device.cuh"
#include "kernels/embedding.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 256;

// A thread for four elements of a row.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    EmbedKernel(EmbeddingTable table, int64_t rows, const int32_t* tokens, float* x) {
  const int64_t item = 4 * (int64_t{blockIdx.x} * kThreads + threadIdx.x);
  const int64_t row = item / table.width;
  if (row >= rows) return;
  float values[4] = {};
  const int64_t place = tokens[row] - table.first_token;
  if (tokens[row] >= 0 && 0 <= place && place < table.count)
    LoadFour(static_cast<const T*>(table.rows) + place * table.width + item % table.width, values);
  StoreFour(values, x + item);
}

}  // namespace

CudaError EmbedTokens(
    const EmbeddingTable& table, int64_t rows, const int32_t* tokens, float* x, CudaStream stream) {
  if (table.width % 4 != 0) return kNotSupported;
  if (!AllAligned({table.rows, x})) return kMisaligned;
  return ForPrecision(table.precision, [&](auto element) {
    return Launch(ThreadPer(rows * table.width / 4, kThreads),
                  stream,
                  EmbedKernel<decltype(element)>,
                  table,
                  rows,
                  tokens,
                  x);
  });
}

}  // namespace restem::kernels::cuda
