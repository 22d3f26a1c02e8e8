// Device pieces of sample_token.h: masses as integers, and the search for what crosses a target,
// by rank of the logit or by id.
#pragma once

#include "kernels/sample_token.h"
#include "kernels/softmax_logprob.cuh"
#include "kernels/token_rank.h"

namespace restem::kernels::cuda {

constexpr int kBinBits = 11;
constexpr int kBins = 1 << kBinBits;
constexpr unsigned kWholeWarp = 0xffffffffU;

// Counts, or masses in steps of 2^-40 of the largest logit's. Sums of integers are the same in any
// order; 2^23 of the largest fit.
using Measure = unsigned long long;
constexpr float kMassSteps = 0x1p40F;
constexpr int64_t kMaxVocab = int64_t{1} << 23;

struct Crossed {
  int64_t at;      // bin, rank or id
  Measure before;  // what comes before it
};

// What a block shares while it searches.
struct SearchRoom {
  Measure warps[kMaxWarps];
  Crossed crossed;
  int32_t token;
  // 64 bits in two halves: shared memory adds 32 bits at a time.
  uint32_t low[kBins];
  uint32_t high[kBins];

  __device__ Measure bin(int64_t b) const { return Measure{high[b]} << 32 | low[b]; }

  __device__ void set(int64_t b, Measure value) {
    low[b] = static_cast<uint32_t>(value);
    high[b] = static_cast<uint32_t>(value >> 32);
  }

  __device__ void add(int64_t b, Measure value) {
    const auto part = static_cast<uint32_t>(value);
    const uint32_t old = atomicAdd(&low[b], part);
    const uint32_t upper = static_cast<uint32_t>(value >> 32) + (old + part < old ? 1U : 0U);
    if (upper != 0) atomicAdd(&high[b], upper);
  }
};

// Ranks of a precision's logits: a bfloat16 needs 16 bits.
template <typename T>
constexpr int kRankShift = sizeof(T) == 2 ? 16 : 0;

template <typename T>
__device__ uint32_t RankOf(float logit) {
  return RankOfLogit(logit) >> kRankShift<T>;
}

template <typename T>
__device__ float LogitOf(uint32_t rank) {
  if (kRankShift<T> == 0) return LogitOfRank(rank);
  return LogitOfRank(rank >> 15 != 0 ? rank << 16 : rank << 16 | 0xffffU);
}

__device__ inline Measure SumOfWarp(Measure value) {
  for (int distance = 1; distance < kWarp; distance *= 2)
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  return value;
}

// Sums up to and with this lane's.
__device__ inline Measure RunningSumOfWarp(Measure value) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  for (int distance = 1; distance < kWarp; distance *= 2) {
    const Measure lower = __shfl_up_sync(kWholeWarp, value, static_cast<unsigned>(distance));
    if (lane >= distance) value += lower;
  }
  return value;
}

// The sum of all threads' values, in all threads.
__device__ inline Measure SumOfBlock(Measure value, SearchRoom& room) {
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  value = SumOfWarp(value);
  __syncthreads();  // the last sum has been read
  if (threadIdx.x % kWarp == 0) room.warps[warp] = value;
  __syncthreads();
  Measure sum = 0;
  for (int w = 0; w < static_cast<int>(blockDim.x) / kWarp; ++w) sum += room.warps[w];
  return sum;
}

// The first of `count` bins at which the running sum reaches `target`, which is at least 1 and at
// most the sum of all. Bins that others wrote lie behind a barrier.
__device__ inline Crossed CrossBins(int64_t count, Measure target, SearchRoom& room) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int64_t run = (count + blockDim.x - 1) / blockDim.x;  // consecutive bins of a thread
  const int64_t first = threadIdx.x * run;
  const int64_t end = first + run < count ? first + run : count;
  Measure own = 0;
  for (int64_t b = first; b < end; ++b) own += room.bin(b);
  const Measure running = RunningSumOfWarp(own);
  if (lane == kWarp - 1) room.warps[warp] = running;
  __syncthreads();
  Measure before = running - own;
  for (int w = 0; w < warp; ++w) before += room.warps[w];
  if (before < target && target <= before + own) {
    int64_t b = first;
    for (; before + room.bin(b) < target; ++b) before += room.bin(b);
    room.crossed = {b, before};
  }
  __syncthreads();
  return room.crossed;
}

// A row to search; kept in shared memory where it fits.
template <typename L>
struct SearchedRow {
  const Vector* vectors;
  int64_t count;  // logits
  float max;
  float inverse_temperature;

  __device__ Measure mass(float logit) const {
    const float weight = FastExp((logit - max) * inverse_temperature);
    return static_cast<Measure>(weight * kMassSteps);
  }

  // Σ measure(logit) over the logits of vector `v`, which may lie behind the last.
  template <typename Function>
  __device__ Measure of_vector(int64_t v, const Function& measure) const {
    const int64_t left = count - v * L::kSize;
    if (left <= 0) return 0;
    float x[L::kSize];
    Unpack(vectors[v], x);
    Measure sum = 0;
#pragma unroll
    for (int i = 0; i < L::kSize; ++i)
      if (i < left) sum += measure(x[i]);
    return sum;
  }
};

// Σ measure(logit), in all threads.
template <typename L, typename Function>
__device__ Measure SumOver(const SearchedRow<L>& row, const Function& measure, SearchRoom& room) {
  Measure sum = 0;
  const int64_t vectors = (row.count + L::kSize - 1) / L::kSize;
  for (int64_t v = threadIdx.x; v < vectors; v += blockDim.x) sum += row.of_vector(v, measure);
  return SumOfBlock(sum, room);
}

// Of the ranks from `first` to `last`, that at which the running sum of measure(logit), likeliest
// first, reaches `target`: by bins of ranks, then by finer bins of the bin that is crossed.
template <typename L, typename Function>
__device__ Crossed CrossRanks(const SearchedRow<L>& row,
                              uint32_t first,
                              uint32_t last,
                              Measure target,
                              const Function& measure,
                              SearchRoom& room) {
  Measure before = 0;
  for (;;) {
    int shift = 0;
    while ((last - first) >> shift >= kBins) ++shift;
    for (int b = static_cast<int>(threadIdx.x); b < kBins; b += static_cast<int>(blockDim.x))
      room.set(b, 0);
    __syncthreads();
    ForVectors<L>(row.vectors, row.count, [&](int64_t, float(&x)[L::kSize], int valid) {
#pragma unroll
      for (int i = 0; i < L::kSize; ++i) {
        const uint32_t rank = RankOf<typename L::Type>(x[i]);
        if (i >= valid || rank < first || rank > last) continue;
        const Measure value = measure(x[i]);
        if (value != 0) room.add((rank - first) >> shift, value);
      }
    });
    __syncthreads();
    const Crossed bin = CrossBins(kBins, target - before, room);
    before += bin.before;
    first += static_cast<uint32_t>(bin.at) << shift;
    if (shift == 0) return {first, before};
    const uint32_t end = first + ((1U << shift) - 1U);
    last = end < last ? end : last;
  }
}

// The id at which the running sum of measure(logit) in order of ids reaches `target`: by the sums
// of chunks, a warp each, then through the chunk that is crossed.
template <typename L, typename Function>
__device__ int32_t
CrossIds(const SearchedRow<L>& row, Measure target, const Function& measure, SearchRoom& room) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int64_t vectors = (row.count + L::kSize - 1) / L::kSize;
  const int64_t chunk_vectors = (vectors + kWarp * kBins - 1) / (kWarp * kBins) * kWarp;
  const int64_t chunks = (vectors + chunk_vectors - 1) / chunk_vectors;
  for (int64_t c = warp; c < chunks; c += blockDim.x / kWarp) {
    Measure sum = 0;
    for (int64_t v = c * chunk_vectors + lane; v < (c + 1) * chunk_vectors; v += kWarp)
      sum += row.of_vector(v, measure);
    sum = SumOfWarp(sum);
    if (lane == 0) room.set(c, sum);
  }
  __syncthreads();
  const Crossed chunk = CrossBins(chunks, target, room);
  Measure before = chunk.before;
  for (int64_t v = chunk.at * chunk_vectors; warp == 0 && v < (chunk.at + 1) * chunk_vectors;
       v += kWarp) {
    const Measure own = row.of_vector(v + lane, measure);
    const Measure running = before + RunningSumOfWarp(own);
    if (running - own < target && target <= running) {
      float x[L::kSize];
      Unpack(row.vectors[v + lane], x);
      Measure sum = running - own;
      int at = -1;
#pragma unroll
      for (int i = 0; i < L::kSize; ++i) {
        if (sum < target) at = i;
        sum += sum < target ? measure(x[i]) : 0;
      }
      room.token = static_cast<int32_t>((v + lane) * L::kSize + at);
    }
    before = __shfl_sync(kWholeWarp, running, kWarp - 1);
  }
  __syncthreads();
  return room.token;
}

}  // namespace restem::kernels::cuda
