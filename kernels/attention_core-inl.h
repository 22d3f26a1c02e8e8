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

// scores[r][0..16) = Σ_d queries[r][d] · keys[d·stride + 0..16).
HWY_INLINE void ScoreBlock(const float* const* queries,  // [4] → [dim]
                           const float* keys,            // [dim, stride]
                           int64_t stride,
                           int64_t dim,
                           float* const* scores) {  // [4] → [16]
  const BlockTag tag;
  BlockVec sums[kQueryBlock][kParts];
  for (auto& row : sums) {
    for (auto& part : row) part = hn::Zero(tag);
  }
  for (int64_t d = 0; d < dim; ++d, keys += stride) {
    BlockVec key[kParts];
    for (int64_t p = 0; p < kParts; ++p) key[p] = hn::LoadU(tag, keys + p * kLanes);
    for (int64_t r = 0; r < kQueryBlock; ++r) {
      const auto query = hn::Set(tag, queries[r][d]);
      for (int64_t p = 0; p < kParts; ++p) sums[r][p] = hn::MulAdd(query, key[p], sums[r][p]);
    }
  }
  for (int64_t r = 0; r < kQueryBlock; ++r) {
    for (int64_t p = 0; p < kParts; ++p) hn::StoreU(sums[r][p], tag, scores[r] + p * kLanes);
  }
}

// outputs[r][0..dim) += Σ_j weights[r][j] · rows[j·dim + 0..dim); dim is a multiple of 16.
HWY_INLINE void WeightedSum(const float* const* weights,  // [4] → [count]
                            const float* rows,            // [count, dim]
                            int64_t count,
                            int64_t dim,
                            float* const* outputs) {  // [4] → [dim]
  const BlockTag tag;
  for (int64_t column = 0; column < dim; column += kKeyBlock) {
    BlockVec sums[kQueryBlock][kParts];
    for (int64_t r = 0; r < kQueryBlock; ++r) {
      for (int64_t p = 0; p < kParts; ++p)
        sums[r][p] = hn::LoadU(tag, outputs[r] + column + p * kLanes);
    }
    const float* row = rows + column;
    for (int64_t j = 0; j < count; ++j, row += dim) {
      BlockVec value[kParts];
      for (int64_t p = 0; p < kParts; ++p) value[p] = hn::LoadU(tag, row + p * kLanes);
      for (int64_t r = 0; r < kQueryBlock; ++r) {
        const auto weight = hn::Set(tag, weights[r][j]);
        for (int64_t p = 0; p < kParts; ++p) sums[r][p] = hn::MulAdd(weight, value[p], sums[r][p]);
      }
    }
    for (int64_t r = 0; r < kQueryBlock; ++r) {
      for (int64_t p = 0; p < kParts; ++p)
        hn::StoreU(sums[r][p], tag, outputs[r] + column + p * kLanes);
    }
  }
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

// Largest of the first `count` scores; `scores` has room for a multiple of 16, of which the rest
// becomes −inf.
HWY_INLINE float MaskAndMax(float* scores, int64_t count) {
  const BlockTag tag;
  const int64_t padded = RoundUp(count, kKeyBlock);
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
