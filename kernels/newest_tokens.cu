#include "kernels/device.cuh"
#include "kernels/newest_tokens.h"

namespace restem::kernels::cuda {
namespace {

using namespace device;

constexpr int kThreads = 128;

// A thread for each row.
__device__ int64_t OwnRow() { return int64_t{blockIdx.x} * kThreads + threadIdx.x; }

__global__ void __launch_bounds__(kThreads)
    TakeKernel(PlannedRows planned, const int32_t* newest, int32_t* tokens, int32_t* positions) {
  const int64_t row = OwnRow();
  if (row >= planned.rows) return;
  int32_t token = planned.given[row];
  const int32_t slot = planned.slots[row];
  if (token < 0 && slot >= 0) token = newest[slot];
  tokens[row] = token;
  positions[row] = token < 0 ? -1 : planned.positions[row];
}

__global__ void __launch_bounds__(kThreads) KeepKernel(int64_t rows,
                                                       const int32_t* slots,
                                                       const int32_t* tokens,
                                                       const int32_t* drawn,
                                                       const int32_t* end_tokens,
                                                       int64_t end_count,
                                                       int32_t* newest) {
  const int64_t row = OwnRow();
  if (row >= rows || slots[row] < 0) return;
  bool ended = tokens[row] < 0;
  for (int64_t i = 0; i < end_count; ++i) ended = ended || drawn[row] == end_tokens[i];
  newest[slots[row]] = ended ? -1 : drawn[row];
}

}  // namespace

CudaError TakeNewest(const PlannedRows& planned,
                     const int32_t* newest,
                     int32_t* tokens,
                     int32_t* positions,
                     CudaStream stream) {
  return Launch(
      ThreadPer(planned.rows, kThreads), stream, TakeKernel, planned, newest, tokens, positions);
}

CudaError KeepNewest(int64_t rows,
                     const int32_t* slots,
                     const int32_t* tokens,
                     const int32_t* drawn,
                     const int32_t* end_tokens,
                     int64_t end_count,
                     int32_t* newest,
                     CudaStream stream) {
  return Launch(ThreadPer(rows, kThreads),
                stream,
                KeepKernel,
                rows,
                slots,
                tokens,
                drawn,
                end_tokens,
                end_count,
                newest);
}

}  // namespace restem::kernels::cuda
