// Arithmetic of paged attention by one warp: tiles of 8 query columns against one page after
// another. Lane (g, t), g = lane / 4 and t = lane % 4, has of each tile
//   scores [16 keys, 8 columns]: (key g, column 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
//   sums [head_dim, 8 columns]: dims 32c + 4g … 32c + 4g + 3 of columns 2t and 2t + 1, c < kChunks
// which is how the tensor cores give them. Every operation that a compiler could contract is spelt
// out: the same bits whether a tile is alone in its warp or not.
#pragma once

#include "kernels/paged_attention.cuh"
#include "kernels/tensor_cores.cuh"

namespace restem::kernels::cuda {

constexpr int kChunkDims = 32;

struct Lane {
  int g;
  int t;
};

__device__ inline Lane OwnLane() {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  return {lane / 4, lane % 4};
}

template <int kChunks>
struct TileState {
  float sums[kChunks][2][4];  // [chunk, two dims, (dim, column) of these]
  float max[2];               // of the scores · scale · log2(e), by column
  float total[2];             // Σ 2^(score − max) over this lane's keys
};

// Elements from one query column to the next in shared memory: an odd number of chunks, so that
// lanes that read bfloat16 vectors at once meet different banks.
template <int kChunks>
constexpr int kQueryStride = (kChunks | 1) * kChunkDims;

template <typename T>
__device__ Vector LoadVector(const T* from, bool valid) {
  return valid ? *reinterpret_cast<const Vector*>(from) : Vector{};
}

// ---- float32: each lane multiplies what it has to give

template <typename T, int kTiles, int kChunks>
struct PageProducts {
  const T* keys;
  const T* values;
  int head_dim;

  struct Weights {
    float of[4];  // as scores
  };
  __device__ static Weights packed(const float (&scores)[4]) {
    return {{scores[0], scores[1], scores[2], scores[3]}};
  }

  __device__ void load(Lane, int) const {}

  __device__ void scores(Lane lane, const T* queries, float (&scores)[kTiles][4]) const {
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
      const T* columns = queries + (tile * kColumns + 2 * lane.t) * kQueryStride<kChunks>;
#pragma unroll 1  // for lack of registers
      for (int dim = 0; dim < head_dim; dim += 4) {
        float key[2][4];
        float query[2][4];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          LoadFour(keys + KeyOffset(lane.g + 8 * i, dim, head_dim), key[i]);
          LoadFour(columns + i * kQueryStride<kChunks> + dim, query[i]);
        }
#pragma unroll
        for (int i = 0; i < 4; ++i)
#pragma unroll
          for (int j = 0; j < 4; ++j)
            scores[tile][i] = fmaf(key[i / 2][j], query[i % 2][j], scores[tile][i]);
      }
    }
  }

  // Adds weight · value over the page's first `count` keys.
  __device__ void add_values(Lane lane,
                             int count,
                             const Weights (&weights)[kTiles],
                             TileState<kChunks> (&states)[kTiles]) const {
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) {
      const auto& of = weights[tile].of;
#pragma unroll 1
      for (int slot = 0; slot < count; ++slot) {
        const int source = slot % 8 * 4 + lane.t;
        const float weight[2] = {__shfl_sync(kAllLanes, slot < 8 ? of[0] : of[2], source),
                                 __shfl_sync(kAllLanes, slot < 8 ? of[1] : of[3], source)};
        add_value(lane, slot, weight, states[tile]);
      }
    }
  }

  __device__ void add_value(Lane lane,
                            int slot,
                            const float (&weight)[2],
                            TileState<kChunks>& state) const {
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const int dim = c * kChunkDims + 4 * lane.g;
      if (dim >= head_dim) break;
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const float value = values[ValueOffset(slot, dim + j, head_dim)];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float& sum = state.sums[c][j / 2][j % 2 * 2 + i];
          sum = fmaf(weight[i], value, sum);
        }
      }
    }
  }
};

// ---- bfloat16: scores = keys · queriesᵀ, sums += valuesᵀ · weights

template <int kTiles, int kChunks>
struct PageProducts<__nv_bfloat16, kTiles, kChunks> {
  using T = __nv_bfloat16;
  const T* keys;
  const T* values;
  int head_dim;

  // Of one chunk: keys g and g + 8, or values of slot pairs t and t + 4.
  struct Factor {
    Vector part[2];
  };
  // A warp with one tile has registers for all that is under way.
  static constexpr bool kAhead = kTiles == 1;
  Factor keys_ahead[kAhead ? kChunks : 1];
  Factor values_ahead[kAhead ? kChunks : 1];

  struct Weights {
    uint32_t by_key[2];  // (keys 2t, 2t + 1, column g), (keys 2t + 8, 2t + 9, column g)
  };
  __device__ static Weights packed(const float (&scores)[4]) {
    return {{Transposed(PackedPair(scores[0], scores[1])),
             Transposed(PackedPair(scores[2], scores[3]))}};
  }

  __device__ void load([[maybe_unused]] Lane lane, [[maybe_unused]] int count) {
    if constexpr (kAhead) {
#pragma unroll
      for (int c = 0; c < kChunks; ++c) keys_ahead[c] = key_factor(lane, c);
#pragma unroll
      for (int c = 0; c < kChunks; ++c) values_ahead[c] = value_factor(lane, c, count);
    }
  }

  // The order of dimensions within a product is free: lane t takes 8 consecutive ones of a chunk.
  __device__ Factor key_factor(Lane lane, int c) const {
    const int dim = c * kChunkDims + 8 * lane.t;
    return {{LoadVector(keys + KeyOffset(lane.g, dim, head_dim), dim < head_dim),
             LoadVector(keys + KeyOffset(lane.g + 8, dim, head_dim), dim < head_dim)}};
  }

  // Zeros for what lies behind the first `count` keys, where anything may be.
  __device__ Factor value_factor(Lane lane, int c, int count) const {
    const int dim = c * kChunkDims + 4 * lane.g;
    Factor factor;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int slot = 2 * (lane.t + 4 * i);
      factor.part[i] = LoadVector(values + ValueOffset(slot, dim, head_dim), dim < head_dim);
      if (count < kPageKeys) {
        const uint32_t mask = slot + 1 < count ? 0xffffffffU : slot < count ? 0xffffU : 0U;
#pragma unroll
        for (uint32_t& word : factor.part[i].words) word &= mask;
      }
    }
    return factor;
  }

  __device__ void scores(Lane lane, const T* queries, float (&scores)[kTiles][4]) const {
    const T* column = queries + lane.g * kQueryStride<kChunks> + 8 * lane.t;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const Factor factor = kAhead ? keys_ahead[c] : key_factor(lane, c);
      const auto& low = factor.part[0].words;
      const auto& high = factor.part[1].words;
#pragma unroll
      for (int tile = 0; tile < kTiles; ++tile) {
        const T* from = column + tile * kColumns * kQueryStride<kChunks> + c * kChunkDims;
        const Vector query = LoadVector(from, true);
        MultiplyAdd(
            {low[0], high[0], low[1], high[1]}, {query.words[0], query.words[1]}, scores[tile]);
        MultiplyAdd(
            {low[2], high[2], low[3], high[3]}, {query.words[2], query.words[3]}, scores[tile]);
      }
    }
  }

  __device__ void add_values(Lane lane,
                             int count,
                             const Weights (&weights)[kTiles],
                             TileState<kChunks> (&states)[kTiles]) const {
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const Factor factor = kAhead ? values_ahead[c] : value_factor(lane, c, count);
      const auto& first = factor.part[0].words;
      const auto& second = factor.part[1].words;
#pragma unroll
      for (int tile = 0; tile < kTiles; ++tile) {
        auto& pairs = states[tile].sums[c];
        MultiplyAdd({first[0], first[1], second[0], second[1]}, weights[tile].by_key, pairs[0]);
        MultiplyAdd({first[2], first[3], second[2], second[3]}, weights[tile].by_key, pairs[1]);
      }
    }
  }
};

}  // namespace restem::kernels::cuda
