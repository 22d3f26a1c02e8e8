// Whole rows in one read and one write.
#include "kernels/softmax_logprob.cuh"
#include "kernels/softmax_logprob.h"

namespace restem::kernels::cuda {
namespace {

// ---- One cluster per row, which stays in its blocks' shared memory

// Shared memory of a block: what MergedOverBlock needs, its own statistics for the cluster, then
// the slice.
constexpr int64_t kStatsBytes = kWarpStatsBytes + static_cast<int64_t>(sizeof(RowStats));
static_assert(kStatsBytes % 16 == 0);

// The statistics of all blocks of the cluster, in the order of their ranks, in every thread.
__device__ RowStats MergedOverCluster(const RowStats& own, RowStats* place, unsigned blocks) {
  if (threadIdx.x == 0) *place = own;
  ClusterSync();
  RowStats all = *InBlock(place, 0);
  for (unsigned rank = 1; rank < blocks; ++rank) all = Merged(all, *InBlock(place, rank));
  return all;
}

template <typename L>
__global__ void __launch_bounds__(kMaxThreads) OneReadKernel(LogitsBlock block,
                                                             LogitTransform transform,
                                                             NllLoss loss,
                                                             RowResults results,
                                                             int64_t slice_columns,
                                                             typename L::Type* logits) {
  using T = typename L::Type;
  RESTEM_DYNAMIC_SHARED(shared);
  auto* stats_room = reinterpret_cast<RowStats*>(shared);
  auto* held = reinterpret_cast<Vector*>(shared + kStatsBytes);
  const auto blocks = static_cast<unsigned>((block.count + slice_columns - 1) / slice_columns);
  const int64_t row = blockIdx.x / blocks;
  const unsigned rank = blockIdx.x % blocks;
  const int64_t first = rank * slice_columns;
  const int64_t left = block.count - first;
  const Slice<T> slice = {
      logits + row * block.stride + first, first, left < slice_columns ? left : slice_columns};
  Hold(
      reinterpret_cast<const Vector*>(slice.logits), (slice.count + L::kSize - 1) / L::kSize, held);
  // The barrier within also completes `held` for the others.
  RowStats own = MergedOverBlock(StatsOf<L>(transform, held, slice.count), stats_room);
  const int64_t column = loss.targets[row] - first;
  if (threadIdx.x == 0 && 0 <= column && column < slice.count) {
    own.target_logit =
        Transformed<L::kCapped>(transform, ToFloat(reinterpret_cast<const T*>(held)[column]));
  }
  const RowResult result = Finished(MergedOverCluster(own, stats_room + kMaxWarps, blocks));
  if (rank == 0 && threadIdx.x == 0) Store(result, row, results);
  WriteGradient<L>(GradientOf(transform, loss, row, result.lse), slice, held);
  ClusterSync();  // no block may leave while another reads its statistics
}

struct ClusterPlan {
  int blocks = 0;  // 0: the row does not fit
  int64_t slice_columns = 0;
  int64_t shared_bytes = 0;
};

// The fewest blocks that leave room for three of them on a multiprocessor, so that one's loads run
// beside another's arithmetic; where even the largest cluster is too small for that, the largest.
ClusterPlan PlanCluster(int64_t vocab, int64_t element_bytes, const Limits& limits) {
  constexpr int64_t kPreferredBytes = 75 << 10;
  const int64_t vector = 16 / element_bytes;
  const int64_t vectors = (vocab + vector - 1) / vector;
  ClusterPlan plan;
  for (int blocks = 1; blocks <= limits.cluster && blocks <= vectors; blocks *= 2) {
    const int64_t slice_vectors = (vectors + blocks - 1) / blocks;
    if ((vectors + slice_vectors - 1) / slice_vectors != blocks)
      continue;  // a block without columns
    const int64_t bytes = kStatsBytes + slice_vectors * 16;
    if (bytes <= limits.shared_bytes) plan = {blocks, slice_vectors * vector, bytes};
    if (bytes <= kPreferredBytes) break;
  }
  return plan;
}

}  // namespace

CudaError SoftmaxLogprobWithGradient(const LogitsBlock& block,
                                     const LogitTransform& transform,
                                     Precision precision,
                                     const NllLoss& loss,
                                     const RowResults& results,
                                     void* logits,
                                     RowStats* scratch,
                                     CudaStream stream) {
  if (Misaligned(block, precision, logits)) return kMisaligned;
  Limits limits;
  if (const CudaError error = GetLimits(limits)) return error;
  const ClusterPlan plan = PlanCluster(block.count, BytesOf(precision), limits);
  if (plan.blocks > 0) {
    const LaunchShape shape = {block.rows * plan.blocks,
                               ThreadsFor(plan.slice_columns * BytesOf(precision) / 16),
                               plan.shared_bytes,
                               plan.blocks};
    return ForLogits(precision, transform, [&](auto kind) {
      using L = decltype(kind);
      return Launch(shape,
                    stream,
                    OneReadKernel<L>,
                    block,
                    transform,
                    loss,
                    results,
                    plan.slice_columns,
                    static_cast<typename L::Type*>(logits));
    });
  }
  const int64_t bytes = block.rows * static_cast<int64_t>(sizeof(RowStats));
  if (const CudaError error = SetZero(scratch, bytes, stream)) return error;
  if (const CudaError error =
          AddToRowStats(block, transform, precision, logits, loss.targets, scratch, stream)) {
    return error;
  }
  if (const CudaError error = FinishRowStats(scratch, block.rows, results, stream)) return error;
  return SoftmaxLogprobGradient(block, transform, precision, loss, results.lse, logits, stream);
}

}  // namespace restem::kernels::cuda
