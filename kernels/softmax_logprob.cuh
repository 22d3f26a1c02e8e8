// Device pieces that the two halves of softmax_logprob.h share: statistics of vectors of logits,
// their merge over a block, the gradient of a slice of a row.
#pragma once

#include "kernels/device.cuh"
#include "kernels/softmax_logprob.h"

namespace restem::kernels::cuda {

using namespace device;

constexpr int kMaxThreads = 512;
constexpr int kMaxWarps = kMaxThreads / kWarp;
constexpr float kLowest = -3.402823466e+38F;

// As a statistic of no column that takes columns one vector after another.
__device__ inline RowStats NoColumns() { return {kLowest, 0.0F, 0.0F, 0.0F}; }

// Adds `count` transformed logits; scales what was there only where they bring a new maximum.
template <int N>
__device__ void AddLogits(const float (&x)[N], int count, RowStats& stats) {
  float top = x[0];
#pragma unroll
  for (int i = 1; i < N; ++i)
    if (i < count) top = fmaxf(top, x[i]);
  if (top > stats.max) {
    const float scale = FastExp(stats.max - top);
    // Without columns, max is the lowest float and its difference to top may be infinite.
    const float shift = stats.sum > 0.0F ? (stats.max - top) * stats.sum : 0.0F;
    stats.offset_sum = scale * (stats.offset_sum + shift);
    stats.sum *= scale;
    stats.max = top;
  }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (i < count) {
      const float offset = x[i] - stats.max;
      const float e = FastExp(offset);
      stats.sum += e;
      stats.offset_sum += e * offset;
    }
  }
}

__device__ inline RowStats FromLane(const RowStats& own, int distance) {
  constexpr unsigned kAll = 0xffffffffU;
  return {__shfl_xor_sync(kAll, own.max, distance),
          __shfl_xor_sync(kAll, own.sum, distance),
          __shfl_xor_sync(kAll, own.offset_sum, distance),
          __shfl_xor_sync(kAll, own.target_logit, distance)};
}

// The statistics of all threads of the block, in a fixed order; valid in the first warp. `room` is
// kWarpStatsBytes of shared memory.
constexpr int64_t kWarpStatsBytes = kMaxWarps * static_cast<int64_t>(sizeof(RowStats));
__device__ inline RowStats MergedOverBlock(RowStats stats, RowStats* room) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int warps = static_cast<int>(blockDim.x) / kWarp;
  for (int distance = 1; distance < kWarp; distance *= 2)
    stats = Merged(stats, FromLane(stats, distance));
  if (lane == 0) room[warp] = stats;
  __syncthreads();
  if (warp != 0) return stats;
  stats = lane < warps ? room[lane] : RowStats{};
  for (int distance = 1; distance < kMaxWarps; distance *= 2)
    stats = Merged(stats, FromLane(stats, distance));
  return stats;
}

// The part of a row that a block reads or writes.
template <typename T>
struct Slice {
  T* logits;      // its first column
  int64_t first;  // vocabulary index of that
  int64_t count;  // columns
};

// What a kernel is made for: the logits' type, and whether they are capped.
template <typename T, bool kCap>
struct Logits {
  using Type = T;
  static constexpr bool kCapped = kCap;
  static constexpr int kSize = kPerVector<T>;
};

// Loads that need no register: all of a thread's are under way at once. Each thread waits for its
// own only.
__device__ inline void Hold(const Vector* from, int64_t vectors, Vector* held) {
  for (int64_t v = threadIdx.x; v < vectors; v += blockDim.x)
    __pipeline_memcpy_async(held + v, from + v, sizeof(Vector));
  __pipeline_commit();
  __pipeline_wait_prior(0);
}

// body(vector index, its logits, valid ones among them) for this thread's vectors of `from`. Only
// the last vector may have fewer than all; it reaches past the count, within the stride.
template <typename L, typename Body>
__device__ void ForVectors(const Vector* from, int64_t count, Body body) {
  const int64_t full = count / L::kSize;
  const auto step = static_cast<int64_t>(blockDim.x);
  const auto run = [&](int64_t v, const Vector& raw, int valid) {
    float x[L::kSize];
    Unpack(raw, x);
    body(v, x, valid);
  };
  int64_t v = threadIdx.x;
  for (; v + step < full; v += 2 * step) {  // two loads under way
    const Vector raw[2] = {from[v], from[v + step]};
    run(v, raw[0], L::kSize);
    run(v + step, raw[1], L::kSize);
  }
  if (v < full) run(v, from[v], L::kSize);
  const int rest = static_cast<int>(count % L::kSize);
  if (rest > 0 && threadIdx.x == full % step) run(full, from[full], rest);
}

template <typename L>
__device__ RowStats StatsOf(const LogitTransform& transform, const Vector* from, int64_t count) {
  RowStats stats = NoColumns();
  ForVectors<L>(from, count, [&](int64_t, float(&x)[L::kSize], int valid) {
#pragma unroll
    for (int i = 0; i < L::kSize; ++i) x[i] = Transformed<L::kCapped>(transform, x[i]);
    AddLogits(x, valid, stats);
  });
  return stats;
}

// What turns a row's raw logits into the loss's gradient.
struct RowGradient {
  LogitTransform transform;
  float factor;
  float lse;
  float weight;
  int64_t target;  // vocabulary index

  template <bool kCapped>
  __device__ float at(float raw, bool is_target) const {
    const float x = Transformed<kCapped>(transform, raw);
    const float gradient = factor * FastExp(x - lse) - (is_target ? weight : 0.0F);
    return gradient * TransformSlope<kCapped>(transform, x);
  }
};

__device__ inline RowGradient GradientOf(const LogitTransform& transform,
                                         const NllLoss& loss,
                                         int64_t row,
                                         float lse) {
  const float weight = loss.weights[row];
  return {transform, GradientFactor(weight, loss.z_loss, lse), lse, weight, loss.targets[row]};
}

// Writes the gradient of a slice from the raw logits at `from`, which may be the slice itself, and
// zeros into what the last vector has beyond it.
template <typename L>
__device__ void WriteGradient(const RowGradient& gradient,
                              const Slice<typename L::Type>& slice,
                              const Vector* from) {
  auto* to = reinterpret_cast<Vector*>(slice.logits);
  ForVectors<L>(from, slice.count, [&](int64_t v, float(&x)[L::kSize], int valid) {
    const int64_t target = gradient.target - slice.first - v * L::kSize;
#pragma unroll
    for (int i = 0; i < L::kSize; ++i)
      x[i] = i < valid ? gradient.template at<L::kCapped>(x[i], i == target) : 0.0F;
    to[v] = Pack(x);
  });
}

__device__ inline void Store(const RowResult& result, int64_t row, const RowResults& results) {
  results.logp[row] = result.logp;
  results.lse[row] = result.lse;
  if (results.entropy != nullptr) results.entropy[row] = result.entropy;
}

// launch(Logits<...>{}) with the kernel's making that fits.
template <typename Function>
CudaError ForLogits(Precision precision, const LogitTransform& transform, Function launch) {
  const bool capped = transform.soft_cap > 0.0F;
  if (precision == Precision::kFloat32)
    return capped ? launch(Logits<float, true>{}) : launch(Logits<float, false>{});
  return capped ? launch(Logits<__nv_bfloat16, true>{}) : launch(Logits<__nv_bfloat16, false>{});
}

// Threads of a block for a row or slice of so many vectors: at least four vectors each where there
// are enough.
inline int ThreadsFor(int64_t vectors) {
  for (int threads = 128; threads < kMaxThreads; threads *= 2)
    if (vectors <= 4 * threads) return threads;
  return kMaxThreads;
}

inline bool Misaligned(const LogitsBlock& block, Precision precision, const void* logits) {
  return !AlignedForVectors(logits, block.stride, BytesOf(precision));
}

}  // namespace restem::kernels::cuda
