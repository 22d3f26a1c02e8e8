// Brings the tiles of a warp over one page: scores, softmax, values; see
// kernels/paged_products.cuh.
#pragma once

#include "kernels/paged_products.cuh"

namespace restem::kernels::cuda {

__device__ inline float MaxOverKeys(float x) {
  for (int distance = 4; distance < kWarp; distance *= 2)
    x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, distance));
  return x;
}

__device__ inline float SumOverKeys(float x) {
  for (int distance = 4; distance < kWarp; distance *= 2)
    x = __fadd_rn(x, __shfl_xor_sync(kAllLanes, x, distance));
  return x;
}

// Turns a page's scores into weights 2^(score − max), and brings what was summed before to the new
// maximum. A column sees keys up to its last one; the page's first is `first_key`.
template <int kChunks>
__device__ void Softmax(Lane lane,
                        int first_key,
                        const int (&last_keys)[2],
                        float log2_scale,
                        float (&scores)[4],
                        TileState<kChunks>& state) {
  float max[2];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const bool seen = first_key + lane.g + i / 2 * 8 <= last_keys[i % 2];
    scores[i] = seen ? __fmul_rn(scores[i], log2_scale) : -INFINITY;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i)
    max[i] = fmaxf(state.max[i], MaxOverKeys(fmaxf(scores[i], scores[i + 2])));
  if (__any_sync(kAllLanes, max[0] > state.max[0] || max[1] > state.max[1])) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const float factor = FastExp2(__fsub_rn(state.max[i], max[i]));
      state.max[i] = max[i];
      state.total[i] = __fmul_rn(state.total[i], factor);
#pragma unroll
      for (auto& chunk : state.sums)
#pragma unroll
        for (auto& dims : chunk) {
          dims[i] = __fmul_rn(dims[i], factor);
          dims[2 + i] = __fmul_rn(dims[2 + i], factor);
        }
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) scores[i] = FastExp2(__fsub_rn(scores[i], max[i % 2]));
#pragma unroll
  for (int i = 0; i < 2; ++i)
    state.total[i] = __fadd_rn(state.total[i], __fadd_rn(scores[i], scores[i + 2]));
}

// The query columns of a warp.
template <typename T, int kTiles, int kChunks>
struct WarpTiles {
  const T* queries;  // [kTiles * 8, kQueryStride], zeros where there is no column or dimension
  float log2_scale;  // of scores
  int last_keys[kTiles][2];  // that a column sees, -1 for none
  TileState<kChunks> states[kTiles];
};

// Brings all tiles over one page, whose first `count` keys are seen by any of them.
template <typename T, int kTiles, int kChunks>
__device__ void AttendPage(Lane lane,
                           PageProducts<T, kTiles, kChunks>& page,
                           int first_key,
                           int count,
                           WarpTiles<T, kTiles, kChunks>& tiles) {
  using Products = PageProducts<T, kTiles, kChunks>;
  float scores[kTiles][4] = {};
  typename Products::Weights weights[kTiles];
  page.load(lane, count);
  page.scores(lane, tiles.queries, scores);
#pragma unroll
  for (int i = 0; i < kTiles; ++i) {
    Softmax(lane, first_key, tiles.last_keys[i], tiles.log2_scale, scores[i], tiles.states[i]);
    weights[i] = Products::packed(scores[i]);
  }
  page.add_values(lane, count, weights, tiles.states);
}

}  // namespace restem::kernels::cuda
