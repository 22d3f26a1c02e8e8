// The inner products that packed and cached attention share, for blocks of 4 queries and 16 keys.
// Per-target header: included once for each SIMD target by a file that uses hwy/foreach_target.h.

#include <cmath>
#include <cstdint>

#if defined(RESTEM_KERNELS_ATTENTION_CORE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RESTEM_KERNELS_ATTENTION_CORE_INL_H_
#undef RESTEM_KERNELS_ATTENTION_CORE_INL_H_
#else
#define RESTEM_KERNELS_ATTENTION_CORE_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kQueryBlock = 4;
constexpr int64_t kKeyBlock = 16;

using BlockTag = hn::CappedTag<float, 16>;
constexpr int64_t kLanes = hn::MaxLanes(BlockTag());
constexpr int64_t kParts = kKeyBlock / kLanes;
using BlockVec = hn::Vec<BlockTag>;

constexpr int64_t RoundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

// Where a query's keys begin that sees `seen` of them, itself the last, through a window.
constexpr int64_t FirstSeen(int64_t seen, int64_t window) {
  return window == 0 || seen <= window ? 0 : seen - window;
}

// scores[r][b][0..16) = Σ_d queries[r][d] · keys[b][d·stride + 0..16) for kQueries queries and
// kBlocks blocks of 16 keys. A score is one chain over d, however many are computed together.
template <int64_t kQueries, int64_t kBlocks>
HWY_INLINE void ScoreTile(const float* const* queries,  // [kQueries] → [dim]
                          const float* const* keys,     // [kBlocks] → [dim, stride]
                          int64_t stride,
                          int64_t dim,
                          float* const* scores) {  // [kQueries] → [kBlocks, 16]
  const BlockTag tag;
  BlockVec sums[kQueries][kBlocks * kParts];
  for (auto& row : sums) {
    for (auto& part : row) part = hn::Zero(tag);
  }
  for (int64_t d = 0; d < dim; ++d) {
    BlockVec key[kBlocks * kParts];
    HWY_UNROLL(16) for (int64_t p = 0; p < kBlocks * kParts; ++p) {
      key[p] = hn::LoadU(tag, keys[p / kParts] + d * stride + p % kParts * kLanes);
    }
    HWY_UNROLL(4) for (int64_t r = 0; r < kQueries; ++r) {
      const auto query = hn::Set(tag, queries[r][d]);
      HWY_UNROLL(16) for (int64_t p = 0; p < kBlocks * kParts; ++p) {
        sums[r][p] = hn::MulAdd(query, key[p], sums[r][p]);
      }
    }
  }
  for (int64_t r = 0; r < kQueries; ++r) {
    for (int64_t p = 0; p < kBlocks * kParts; ++p)
      hn::StoreU(sums[r][p], tag, scores[r] + p * kLanes);
  }
}

HWY_INLINE void ScoreBlock(const float* const* queries,  // [4] → [dim]
                           const float* keys,            // [dim, stride]
                           int64_t stride,
                           int64_t dim,
                           float* const* scores) {  // [4] → [16]
  ScoreTile<kQueryBlock, 1>(queries, &keys, stride, dim, scores);
}

// outputs[r][column + 0..16·kBlocks) += Σ_j weights[r][j] · rows[j·dim + column + …], keys in
// order.
template <int64_t kQueries, int64_t kBlocks>
HWY_INLINE void WeightedColumns(const float* const* weights,
                                const float* rows,
                                int64_t count,
                                int64_t dim,
                                int64_t column,
                                float* const* outputs) {
  const BlockTag tag;
  BlockVec sums[kQueries][kBlocks * kParts];
  for (int64_t r = 0; r < kQueries; ++r) {
    for (int64_t p = 0; p < kBlocks * kParts; ++p)
      sums[r][p] = hn::LoadU(tag, outputs[r] + column + p * kLanes);
  }
  const float* row = rows + column;
  for (int64_t j = 0; j < count; ++j, row += dim) {
    BlockVec value[kBlocks * kParts];
    HWY_UNROLL(16) for (int64_t p = 0; p < kBlocks * kParts; ++p) {
      value[p] = hn::LoadU(tag, row + p * kLanes);
    }
    HWY_UNROLL(4) for (int64_t r = 0; r < kQueries; ++r) {
      const auto weight = hn::Set(tag, weights[r][j]);
      HWY_UNROLL(16) for (int64_t p = 0; p < kBlocks * kParts; ++p) {
        sums[r][p] = hn::MulAdd(weight, value[p], sums[r][p]);
      }
    }
  }
  for (int64_t r = 0; r < kQueries; ++r) {
    for (int64_t p = 0; p < kBlocks * kParts; ++p)
      hn::StoreU(sums[r][p], tag, outputs[r] + column + p * kLanes);
  }
}

// outputs[r][0..dim) += Σ_j weights[r][j] · rows[j·dim + 0..dim); dim is a multiple of 16.
template <int64_t kQueries>
HWY_INLINE void WeightedSumOf(const float* const* weights,  // [kQueries] → [count]
                              const float* rows,            // [count, dim]
                              int64_t count,
                              int64_t dim,
                              float* const* outputs) {  // [kQueries] → [dim]
  constexpr int64_t kBlocks = kQueryBlock / kQueries;   // as many sums as four queries would have
  int64_t column = 0;
  for (; column + kBlocks * kKeyBlock <= dim; column += kBlocks * kKeyBlock)
    WeightedColumns<kQueries, kBlocks>(weights, rows, count, dim, column, outputs);
  for (; column < dim; column += kKeyBlock)
    WeightedColumns<kQueries, 1>(weights, rows, count, dim, column, outputs);
}

HWY_INLINE void WeightedSum(const float* const* weights,  // [4] → [count]
                            const float* rows,            // [count, dim]
                            int64_t count,
                            int64_t dim,
                            float* const* outputs) {  // [4] → [dim]
  WeightedSumOf<kQueryBlock>(weights, rows, count, dim, outputs);
}

// rows[j·dim + 0..dim) += Σ_r weights[r][j] · vectors[r][0..dim) for j < count; dim is a multiple
// of 16.
HWY_INLINE void OuterAdd(const float* const* weights,  // [4] → [count]
                         const float* const* vectors,  // [4] → [dim]
                         int64_t count,
                         int64_t dim,
                         float* rows) {  // [count, dim]
  const BlockTag tag;
  for (int64_t column = 0; column < dim; column += kLanes) {
    BlockVec vector[kQueryBlock];
    for (int64_t r = 0; r < kQueryBlock; ++r) vector[r] = hn::LoadU(tag, vectors[r] + column);
    float* row = rows + column;
    for (int64_t j = 0; j < count; ++j, row += dim) {
      auto sum = hn::LoadU(tag, row);
      for (int64_t r = 0; r < kQueryBlock; ++r)
        sum = hn::MulAdd(hn::Set(tag, weights[r][j]), vector[r], sum);
      hn::StoreU(sum, tag, row);
    }
  }
}

HWY_INLINE float Dot(const float* a, const float* b, int64_t count) {
  const BlockTag tag;
  auto sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    sum = hn::MulAdd(hn::LoadU(tag, a + i), hn::LoadU(tag, b + i), sum);
  float total = hn::GetLane(hn::SumOfLanes(tag, sum));
  for (; i < count; ++i) total += a[i] * b[i];
  return total;
}

// scores = cap·tanh(scores·scale / cap) over a multiple of 16 entries.
HWY_INLINE void SoftCap(float* scores, int64_t padded, float scale, float cap) {
  const BlockTag tag;
  const auto inner = hn::Set(tag, scale / cap);
  const auto outer = hn::Set(tag, cap);
  for (int64_t j = 0; j < padded; j += kLanes) {
    const auto capped = hn::Tanh(tag, hn::Mul(hn::LoadU(tag, scores + j), inner));
    hn::StoreU(hn::Mul(capped, outer), tag, scores + j);
  }
}

// Largest of the scores of keys [first, count); `scores` has room for a multiple of 16, of which
// the others become −inf.
HWY_INLINE float MaskAndMax(float* scores, int64_t first, int64_t count) {
  const BlockTag tag;
  const int64_t padded = RoundUp(count, kKeyBlock);
  for (int64_t j = 0; j < first; ++j) scores[j] = -INFINITY;
  for (int64_t j = count; j < padded; ++j) scores[j] = -INFINITY;
  auto top = hn::Set(tag, -INFINITY);
  for (int64_t j = 0; j < padded; j += kLanes) top = hn::Max(top, hn::LoadU(tag, scores + j));
  return hn::GetLane(hn::MaxOfLanes(tag, top));
}

// scores = exp(scores·scale − shift) over a multiple of 16 entries; returns their sum.
HWY_INLINE float ExpAndSum(float* scores, int64_t padded, float scale, float shift) {
  const BlockTag tag;
  const auto factor = hn::Set(tag, scale);
  const auto offset = hn::Set(tag, -shift);
  auto sum = hn::Zero(tag);
  for (int64_t j = 0; j < padded; j += kLanes) {
    const auto e = hn::Exp(tag, hn::MulAdd(hn::LoadU(tag, scores + j), factor, offset));
    hn::StoreU(e, tag, scores + j);
    sum = hn::Add(sum, e);
  }
  return hn::GetLane(hn::SumOfLanes(tag, sum));
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
