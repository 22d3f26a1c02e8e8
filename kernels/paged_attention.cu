#include "kernels/even_chunk.h"
#include "kernels/paged_attention.cuh"
#include "kernels/paged_attention.h"

namespace restem::kernels::cuda {
namespace {

bool Supported(const PagedAttentionShape& shape) {
  return shape.head_dim % 8 == 0 && shape.head_dim <= 256 && shape.heads % shape.kv_heads == 0 &&
         shape.heads / shape.kv_heads <= kColumns && shape.soft_cap == 0.0F && shape.window == 0;
}

Layout LayoutOf(const PagedAttentionShape& shape, int64_t rows, int64_t max_keys) {
  constexpr int64_t kAlignment = 256;  // bytes
  Layout layout = {};
  layout.rows = rows;
  layout.heads = static_cast<int>(shape.heads);
  layout.kv_heads = static_cast<int>(shape.kv_heads);
  layout.group = layout.heads / layout.kv_heads;
  layout.band_rows = TilesFor(ChunksFor(shape.head_dim)) * (kColumns / layout.group);
  layout.bands = (rows + layout.band_rows - 1) / layout.band_rows;
  layout.head_dim = static_cast<int>(shape.head_dim);
  // Prompt and completion each round up.
  const int64_t pages = (max_keys + kKeysPerPage - 1) / kKeysPerPage;
  layout.splits = static_cast<int>((pages + 2 * (kPagesPerSplit - 1)) / kPagesPerSplit);
  const int64_t partials = rows * shape.heads * layout.splits;
  layout.stats = RoundedUp(partials * shape.head_dim * 4, kAlignment);
  layout.leaders = layout.stats + RoundedUp(partials * 8, kAlignment);
  layout.bytes = layout.leaders + RoundedUp(layout.bands * layout.splits, kAlignment);
  return layout;
}

// ---- Plan

// A warp for each band and split. Where at least two rows have the split, and all that have it have
// it in the pages of the one that sees most of it: that row's number in the band, from 1 on. Else
// 0: each row by itself.
__global__ void __launch_bounds__(kThreads)
    PlanKernel(Layout layout, PagedBatch batch, uint8_t* leaders) {
  const int64_t item = WarpIndex();
  if (item >= layout.bands * layout.splits) return;
  const int64_t first_row = item / layout.splits * layout.band_rows;
  const int split = static_cast<int>(item % layout.splits);
  SplitKeys most = {0, 0, -1};
  int most_page = -1;
  int leader = 0;
  int rows = 0;
  bool same = true;
  for (int r = 0; r < layout.band_rows; ++r) {
    const PagedRow row = RowOf(batch, first_row + r);
    const SplitKeys keys = row.split(split);
    if (keys.count == 0) continue;
    const int page = PageOfLane(batch, row.sequence, keys);
    const bool agrees = page == most_page || page < 0 || most_page < 0;
    same = same && __all_sync(kAllLanes, agrees);
    ++rows;
    if (keys.last_key <= most.last_key) continue;
    most = keys;
    most_page = page;
    leader = r + 1;
  }
  if (threadIdx.x % kWarp == 0) leaders[item] = same && rows > 1 ? leader : 0;
}

// ---- Merge

// A warp for each row and head. A row that sees more keys than the batch says has no result.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    MergeKernel(Layout layout, PagedBatch batch, Partials partials, T* out) {
  const int64_t item = WarpIndex();
  if (item >= layout.rows * layout.heads) return;
  const int asked = RowOf(batch, item / layout.heads).splits();
  const int splits = min(asked, layout.splits);
  const SplitStats* stats = partials.stats + item * layout.splits;
  const float* sums = partials.sums + item * layout.splits * layout.head_dim;
  float max = kLowest;
  for (int s = 0; s < splits; ++s) max = fmaxf(max, stats[s].max);
  for (int dim = static_cast<int>(threadIdx.x) % kWarp * 4; dim < layout.head_dim;
       dim += kWarp * 4) {
    float total = 0.0F;
    float merged[4] = {};
    for (int s = 0; s < splits; ++s) {
      const float weight = FastExp2(__fsub_rn(stats[s].max, max));
      total = fmaf(weight, stats[s].total, total);
      float own[4];
      LoadFour(sums + s * layout.head_dim + dim, own);
#pragma unroll
      for (int i = 0; i < 4; ++i) merged[i] = fmaf(weight, own[i], merged[i]);
    }
    const float scale = asked > splits ? NAN : splits == 0 ? 0.0F : 1.0F / total;
#pragma unroll
    for (int i = 0; i < 4; ++i) merged[i] *= scale;
    StoreFour(merged, out + item * layout.head_dim + dim);
  }
}

template <typename T>
CudaError LaunchMerge(const Attention& attention, T* out, CudaStream stream) {
  const Layout& layout = attention.layout;
  return Launch(WarpPer(layout.rows * layout.heads),
                stream,
                MergeKernel<T>,
                layout,
                attention.batch,
                attention.partials,
                out);
}

CudaError Problem(const PagedAttentionShape& shape,
                  const PagedBatch& batch,
                  const Workspace& workspace) {
  if (!Supported(shape)) return kNotSupported;
  const int64_t bytes = LayoutOf(shape, batch.rows, batch.max_keys).bytes;
  return workspace.bytes < bytes ? "cudaErrorInvalidValue" : nullptr;
}

}  // namespace

int64_t PagedAttentionWorkspaceBytes(const PagedAttentionShape& shape,
                                     int64_t rows,
                                     int64_t max_keys) {
  return Supported(shape) ? LayoutOf(shape, rows, max_keys).bytes : 0;
}

CudaError PlanPagedAttention(const PagedAttentionShape& shape,
                             const PagedBatch& batch,
                             const Workspace& workspace,
                             CudaStream stream) {
  if (const CudaError error = Problem(shape, batch, workspace)) return error;
  const Layout layout = LayoutOf(shape, batch.rows, batch.max_keys);
  return Launch(WarpPer(layout.bands * layout.splits),
                stream,
                PlanKernel,
                layout,
                batch,
                PartialsIn(workspace, layout).leaders);
}

CudaError PagedAttention(const PagedAttentionShape& shape,
                         const PagePool& layer,
                         const PagedBatch& batch,
                         const void* q,
                         const Workspace& workspace,
                         void* out,
                         CudaStream stream) {
  if (const CudaError error = Problem(shape, batch, workspace)) return error;
  if (!AllAligned({layer.data, q, out})) return kMisaligned;
  const Layout layout = LayoutOf(shape, batch.rows, batch.max_keys);
  const Attention attention = {layout, batch, shape.scale * kLog2E, PartialsIn(workspace, layout)};
  if (const CudaError error = AttendSplits(attention, layer, q, stream)) return error;
  return ForPrecision(layer.precision, [&](auto element) {
    return LaunchMerge(attention, static_cast<decltype(element)*>(out), stream);
  });
}

}  // namespace restem::kernels::cuda
