#include "kernels/softmax_logprob.cuh"
#include "kernels/softmax_logprob.h"

namespace restem::kernels::cuda {
namespace {

// ---- One block per row, any number of columns

template <typename L>
__global__ void __launch_bounds__(kMaxThreads) AddToRowStatsKernel(LogitsBlock block,
                                                                   LogitTransform transform,
                                                                   const typename L::Type* logits,
                                                                   const int32_t* targets,
                                                                   RowStats* stats) {
  RESTEM_DYNAMIC_SHARED(shared);
  const int64_t row = blockIdx.x;
  const typename L::Type* own = logits + row * block.stride;
  RowStats all =
      MergedOverBlock(StatsOf<L>(transform, reinterpret_cast<const Vector*>(own), block.count),
                      reinterpret_cast<RowStats*>(shared));
  if (threadIdx.x != 0) return;
  const int64_t column = targets[row] - block.first;
  if (0 <= column && column < block.count)
    all.target_logit = Transformed<L::kCapped>(transform, ToFloat(own[column]));
  stats[row] = Merged(stats[row], all);
}

template <typename L>
__global__ void __launch_bounds__(kMaxThreads) GradientKernel(LogitsBlock block,
                                                              LogitTransform transform,
                                                              NllLoss loss,
                                                              const float* lse,
                                                              typename L::Type* logits) {
  const int64_t row = blockIdx.x;
  const Slice<typename L::Type> slice = {logits + row * block.stride, block.first, block.count};
  WriteGradient<L>(GradientOf(transform, loss, row, lse[row]),
                   slice,
                   reinterpret_cast<const Vector*>(slice.logits));
}

// ---- One thread per row

constexpr int kRowThreads = 256;

__global__ void MergeKernel(const RowStats* other, int64_t rows, RowStats* stats) {
  const int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row < rows) stats[row] = Merged(stats[row], other[row]);
}

__global__ void FinishKernel(const RowStats* stats, int64_t rows, RowResults results) {
  const int64_t row = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row < rows) Store(Finished(stats[row]), row, results);
}

LaunchShape OneThreadPer(int64_t rows) {
  return {(rows + kRowThreads - 1) / kRowThreads, kRowThreads};
}

LaunchShape OneBlockPer(const LogitsBlock& block, Precision precision) {
  return {block.rows, ThreadsFor(block.count * BytesOf(precision) / 16)};
}

}  // namespace

CudaError AddToRowStats(const LogitsBlock& block,
                        const LogitTransform& transform,
                        Precision precision,
                        const void* logits,
                        const int32_t* targets,
                        RowStats* stats,
                        CudaStream stream) {
  if (Misaligned(block, precision, logits)) return kMisaligned;
  return ForLogits(precision, transform, [&](auto kind) {
    using L = decltype(kind);
    LaunchShape shape = OneBlockPer(block, precision);
    shape.shared_bytes = kWarpStatsBytes;
    return Launch(shape,
                  stream,
                  AddToRowStatsKernel<L>,
                  block,
                  transform,
                  static_cast<const typename L::Type*>(logits),
                  targets,
                  stats);
  });
}

CudaError MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats, CudaStream stream) {
  return Launch(OneThreadPer(rows), stream, MergeKernel, other, rows, stats);
}

CudaError FinishRowStats(const RowStats* stats,
                         int64_t rows,
                         const RowResults& results,
                         CudaStream stream) {
  return Launch(OneThreadPer(rows), stream, FinishKernel, stats, rows, results);
}

CudaError SoftmaxLogprobGradient(const LogitsBlock& block,
                                 const LogitTransform& transform,
                                 Precision precision,
                                 const NllLoss& loss,
                                 const float* lse,
                                 void* logits,
                                 CudaStream stream) {
  if (Misaligned(block, precision, logits)) return kMisaligned;
  return ForLogits(precision, transform, [&](auto kind) {
    using L = decltype(kind);
    return Launch(OneBlockPer(block, precision),
                  stream,
                  GradientKernel<L>,
                  block,
                  transform,
                  loss,
                  lse,
                  static_cast<typename L::Type*>(logits));
  });
}

}  // namespace restem::kernels::cuda
