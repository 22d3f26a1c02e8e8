// What the kernels of paged attention share: how a batch is cut, and where intermediate results
// lie.
#pragma once

#include "kernels/paged_kv.cuh"

namespace restem::kernels::cuda {

constexpr float kLowest = -3.402823466e+38F;
constexpr unsigned kAllLanes = 0xffffffffU;
constexpr int kColumns = 8;  // query columns of a tile: heads of a KV head, of one row or several
constexpr int kWarps = 4;    // of a block; they work for themselves
constexpr int kThreads = kWarps * kWarp;

// A head's dimensions are worked on in chunks of 32; kernels exist for some numbers of them.
constexpr int ChunksFor(int64_t head_dim) {
  return head_dim <= 64 ? 2 : head_dim <= 96 ? 3 : head_dim <= 128 ? 4 : 8;
}

// Tiles of a warp that reads pages for several rows: as many as its registers hold.
constexpr int TilesFor(int chunks) { return chunks <= 4 ? 4 : 2; }

// A batch's constants, and where intermediate results lie in the workspace.
struct Layout {
  int64_t rows;
  int64_t bands;
  int band_rows;
  int heads;
  int kv_heads;
  int group;  // heads of a KV head
  int head_dim;
  int splits;       // of a row at most
  int64_t stats;    // bytes from the workspace's start to Partials::stats; the sums are first
  int64_t leaders;  // to Partials::leaders
  int64_t bytes;
};

// Of a row and head in one split.
struct alignas(8) SplitStats {
  float max;    // of the scores · scale · log2(e)
  float total;  // Σ 2^(score − max)
};

struct Partials {
  float* sums;        // [rows, heads, splits, head_dim]
  SplitStats* stats;  // [rows, heads, splits]
  uint8_t* leaders;   // [bands, splits], as PlanKernel says
};

inline Partials PartialsIn(const Workspace& workspace, const Layout& layout) {
  auto* at = static_cast<unsigned char*>(workspace.data);
  return {reinterpret_cast<float*>(at),
          reinterpret_cast<SplitStats*>(at + layout.stats),
          at + layout.leaders};
}

__device__ inline int64_t WarpIndex() {
  return (int64_t{blockIdx.x} * kThreads + threadIdx.x) / kWarp;
}

struct Attention {
  Layout layout;
  PagedBatch batch;
  float log2_scale;
  Partials partials;
};

// The page that this lane has of a row's split, -1 behind its end.
__device__ inline int PageOfLane(const PagedBatch& batch, int sequence, const SplitKeys& keys) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  return lane < keys.count ? batch.tables[sequence * batch.table_stride + keys.first + lane] : -1;
}

inline LaunchShape WarpPer(int64_t items, int64_t bytes_per_warp = 0) {
  return {(items + kWarps - 1) / kWarps, kThreads, kWarps * bytes_per_warp};
}

// Sums and statistics of every row, head and split; first of those that bands have in common.
CudaError AttendSplits(const Attention& attention,
                       const PagePool& layer,
                       const void* q,
                       CudaStream stream);

}  // namespace restem::kernels::cuda
