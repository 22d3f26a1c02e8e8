// One split of one row's keys, or of the keys that a band of rows has in common, by one warp.
#include "kernels/paged_page.cuh"

namespace restem::kernels::cuda {
namespace {

// What a warp does: the columns of one KV head and of one row, or of a band's rows, in one split.
struct WarpItem {
  int64_t first_row;
  int rows_per_tile;
  int kv_head;
  int split;
  int64_t leader;  // the row whose pages are read; -1: there is nothing to do
};

// Splits in their order, so that those that may be short come last. Rows: KV heads side by side, as
// they lie in memory. Bands: side by side, since they may read the same pages.
template <bool kBands>
__device__ WarpItem ItemOf(const Layout& layout, const uint8_t* leaders) {
  const int64_t item = WarpIndex();
  const int64_t units = kBands ? layout.bands : layout.rows;
  const int64_t of_split = item % (units * layout.kv_heads);
  const auto split = static_cast<int>(item / (units * layout.kv_heads));
  const int64_t unit = kBands ? of_split % units : of_split / layout.kv_heads;
  const auto kv_head = static_cast<int>(kBands ? of_split / units : of_split % layout.kv_heads);
  const int64_t first_row = kBands ? unit * layout.band_rows : unit;
  const int in_tile = kBands ? kColumns / layout.group : 1;
  if (split >= layout.splits) return {first_row, in_tile, kv_head, split, -1};
  const int leader = leaders[first_row / layout.band_rows * layout.splits + split];
  if (kBands)
    return {first_row, in_tile, kv_head, split, leader == 0 ? -1 : first_row + leader - 1};
  return {first_row, in_tile, kv_head, split, leader == 0 ? first_row : -1};
}

// A query column of a warp: a head of a row.
struct Column {
  int64_t row;
  int head;
  bool exists;
};

__device__ Column ColumnOf(const Layout& layout, const WarpItem& item, int tile, int column) {
  const int row = column / layout.group;
  return {item.first_row + tile * item.rows_per_tile + row,
          item.kv_head * layout.group + column % layout.group,
          row < item.rows_per_tile};
}

// The last key in the item's split that a column sees, -1 for none.
__device__ int LastKeyOf(const PagedBatch& batch, const WarpItem& item, const Column& column) {
  return column.exists ? RowOf(batch, column.row).split(item.split).last_key : -1;
}

// The warp's queries to shared memory, zeros where there is no column or dimension.
template <typename T, int kTiles, int kChunks>
__device__ void LoadQueries(const Layout& layout, const WarpItem& item, const T* q, T* queries) {
  constexpr int kVectors = kQueryStride<kChunks> / kPerVector<T>;
  for (int i = static_cast<int>(threadIdx.x) % kWarp; i < kTiles * kColumns * kVectors;
       i += kWarp) {
    const int dim = i % kVectors * kPerVector<T>;
    const int tile = i / kVectors / kColumns;
    const Column column = ColumnOf(layout, item, tile, i / kVectors % kColumns);
    const bool exists = column.exists && column.row < layout.rows && dim < layout.head_dim;
    const T* from = q + (column.row * layout.heads + column.head) * layout.head_dim + dim;
    const Vector vector = LoadVector(from, exists);
    reinterpret_cast<Vector*>(queries)[i] = vector;
  }
  __syncwarp();
}

template <int kChunks>
__device__ void StoreTile(const Attention& attention,
                          const WarpItem& item,
                          Lane lane,
                          int tile,
                          const int (&last_keys)[2],
                          const TileState<kChunks>& state) {
  const Layout& layout = attention.layout;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const float total = SumOverKeys(state.total[i]);
    if (last_keys[i] < 0) continue;
    const Column column = ColumnOf(layout, item, tile, 2 * lane.t + i);
    const int64_t at = (column.row * layout.heads + column.head) * layout.splits + item.split;
    if (lane.g == 0) attention.partials.stats[at] = {state.max[i], total};
    float* sums = attention.partials.sums + at * layout.head_dim + 4 * lane.g;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const auto& own = state.sums[c];
      if (c * kChunkDims + 4 * lane.g < layout.head_dim) {
        StoreFour({own[0][i], own[0][2 + i], own[1][i], own[1][2 + i]}, sums + c * kChunkDims);
      }
    }
  }
}

template <typename T, int kTiles, int kChunks>
constexpr int64_t kWarpBytes = int64_t{kTiles} * kColumns* kQueryStride<kChunks> * sizeof(T);

template <typename T, int kTiles, int kChunks>
__device__ void Begin(const Attention& attention,
                      const WarpItem& item,
                      Lane lane,
                      WarpTiles<T, kTiles, kChunks>& tiles) {
  tiles.log2_scale = attention.log2_scale;
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) {
    tiles.states[tile] = {{}, {kLowest, kLowest}, {0.0F, 0.0F}};
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const Column column = ColumnOf(attention.layout, item, tile, 2 * lane.t + i);
      tiles.last_keys[tile][i] = LastKeyOf(attention.batch, item, column);
    }
  }
}

template <typename T, int kTiles, int kChunks>
__global__ void __launch_bounds__(kThreads)
    SplitKernel(Attention attention, const T* pool, const T* q) {
  RESTEM_DYNAMIC_SHARED(shared);
  const Layout& layout = attention.layout;
  const auto item = ItemOf<(kTiles > 1)>(layout, attention.partials.leaders);
  if (item.leader < 0) return;
  const PagedRow leader = RowOf(attention.batch, item.leader);
  const SplitKeys keys = leader.split(item.split);
  if (keys.count == 0) return;
  const int own_page = PageOfLane(attention.batch, leader.sequence, keys);
  auto* queries =
      reinterpret_cast<T*>(shared + threadIdx.x / kWarp * kWarpBytes<T, kTiles, kChunks>);
  LoadQueries<T, kTiles, kChunks>(layout, item, q, queries);
  const Lane lane = OwnLane();
  WarpTiles<T, kTiles, kChunks> tiles;
  tiles.queries = queries;
  Begin(attention, item, lane, tiles);
  for (int i = 0; i < keys.count; ++i) {
    const int64_t number = __shfl_sync(kAllLanes, own_page, i);
    PageProducts<T, kTiles, kChunks> page;
    page.keys = KeysOf(pool, number, layout.kv_heads, item.kv_head, layout.head_dim);
    page.values = ValuesOf(page.keys, layout.head_dim);
    page.head_dim = layout.head_dim;
    const int first_key = (keys.first + i) * kPageKeys;
    AttendPage(lane, page, first_key, min(kPageKeys, keys.last_key + 1 - first_key), tiles);
  }
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile)
    StoreTile(attention, item, lane, tile, tiles.last_keys[tile], tiles.states[tile]);
}

template <typename T, int kTiles, int kChunks>
CudaError LaunchSplits(const Attention& attention,
                       const void* pool,
                       const void* q,
                       CudaStream stream) {
  const Layout& layout = attention.layout;
  const int64_t units = kTiles > 1 ? layout.bands : layout.rows;
  return Launch(WarpPer(units * layout.kv_heads * layout.splits, kWarpBytes<T, kTiles, kChunks>),
                stream,
                SplitKernel<T, kTiles, kChunks>,
                attention,
                static_cast<const T*>(pool),
                static_cast<const T*>(q));
}

template <typename T, int kChunks>
CudaError Attend(const Attention& attention, const void* pool, const void* q, CudaStream stream) {
  const CudaError error = LaunchSplits<T, TilesFor(kChunks), kChunks>(attention, pool, q, stream);
  return error != nullptr ? error : LaunchSplits<T, 1, kChunks>(attention, pool, q, stream);
}

template <typename T>
CudaError AttendAs(const Attention& attention, const void* pool, const void* q, CudaStream stream) {
  switch (ChunksFor(attention.layout.head_dim)) {
    case 2:
      return Attend<T, 2>(attention, pool, q, stream);
    case 3:
      return Attend<T, 3>(attention, pool, q, stream);
    case 4:
      return Attend<T, 4>(attention, pool, q, stream);
    default:
      return Attend<T, 8>(attention, pool, q, stream);
  }
}

}  // namespace

CudaError AttendSplits(const Attention& attention,
                       const PagePool& layer,
                       const void* q,
                       CudaStream stream) {
  return ForPrecision(layer.precision, [&](auto element) {
    return AttendAs<decltype(element)>(attention, layer.data, q, stream);
  });
}

}  // namespace restem::kernels::cuda
