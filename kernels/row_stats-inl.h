// The statistics of a row of logits on the CPU, which scores and draws share: both get the same
// bits. Per-target header: included once for each SIMD target by a file that uses
// hwy/foreach_target.h.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/row_stats.h"

#if defined(RESTEM_KERNELS_ROW_STATS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RESTEM_KERNELS_ROW_STATS_INL_H_
#undef RESTEM_KERNELS_ROW_STATS_INL_H_
#else
#define RESTEM_KERNELS_ROW_STATS_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;

// NaN where a logit is NaN or +inf: Max ignores NaN, and Exp makes 0 of it.
HWY_INLINE float MaxOf(const float* row, int64_t vocab) {
  const FloatTag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto zero = hn::Zero(tag);
  constexpr int kChains = 4;  // operations under way at once
  FloatVec tops[kChains];
  FloatVec probes[kChains];  // Σ 0·x: 0, or NaN
  for (auto& top : tops) top = hn::Set(tag, row[0]);
  for (auto& probe : probes) probe = zero;
  int64_t i = 0;
  for (; i + kChains * lanes <= vocab; i += kChains * lanes) {
    for (int c = 0; c < kChains; ++c) {
      const auto x = hn::LoadU(tag, row + i + c * lanes);
      tops[c] = hn::Max(tops[c], x);
      probes[c] = hn::MulAdd(x, zero, probes[c]);
    }
  }
  const auto top = hn::Max(hn::Max(tops[0], tops[1]), hn::Max(tops[2], tops[3]));
  const auto sum = hn::Add(hn::Add(probes[0], probes[1]), hn::Add(probes[2], probes[3]));
  float best = hn::GetLane(hn::MaxOfLanes(tag, top));
  float probe = hn::GetLane(hn::SumOfLanes(tag, sum));
  for (; i < vocab; ++i) {
    best = std::max(best, row[i]);
    probe += 0.0F * row[i];
  }
  if (probe == 0.0F) return best;
  // Rare: -inf alone does no harm, it is a probability of 0.
  const bool bounded =
      std::all_of(row, row + vocab, [](float x) { return x <= std::numeric_limits<float>::max(); });
  return bounded ? best : probe;
}

// The vector form of kernels::Transformed.
template <bool kCapped>
HWY_INLINE FloatVec TransformedVector(const LogitTransform& transform, FloatVec logits) {
  const FloatTag tag;
  if constexpr (kCapped) {
    const auto scaled = hn::Mul(logits, hn::Set(tag, 1.0F / transform.soft_cap));
    const auto capped = hn::Mul(hn::Tanh(tag, scaled), hn::Set(tag, transform.soft_cap));
    logits = hn::MulAdd(hn::Zero(tag), logits, capped);
  }
  return hn::Mul(logits, hn::Set(tag, transform.inverse_temperature));
}

// The same of one logit, with the same bits.
template <bool kCapped>
HWY_INLINE float TransformedLane(const LogitTransform& transform, float logit) {
  return hn::GetLane(TransformedVector<kCapped>(transform, hn::Set(FloatTag(), logit)));
}

struct RowSums {
  float exp;         // Σ exp(x − max)
  float exp_offset;  // Σ exp(x − max)·(x − max)
};

// For SumsOf's `also`, where nothing else is wanted.
struct SumsOnly {
  template <class Offset>
  void operator()(int64_t, Offset, Offset) const {}
};

// also(i, x − max, exp(x − max)) for each vector of columns, and for each column behind the last
// whole vector, in order.
template <bool kCapped, class Also>
HWY_INLINE RowSums
SumsOf(const float* row, int64_t vocab, const LogitTransform& transform, float max, Also&& also) {
  const FloatTag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto shift = hn::Set(tag, max);
  auto exp_sum = hn::Zero(tag);
  auto offset_sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= vocab; i += lanes) {
    const auto x = TransformedVector<kCapped>(transform, hn::LoadU(tag, row + i));
    const auto offset = hn::Sub(x, shift);
    const auto e = hn::Exp(tag, offset);
    exp_sum = hn::Add(exp_sum, e);
    offset_sum = hn::MulAdd(e, offset, offset_sum);
    also(i, offset, e);
  }
  RowSums sums = {hn::GetLane(hn::SumOfLanes(tag, exp_sum)),
                  hn::GetLane(hn::SumOfLanes(tag, offset_sum))};
  for (; i < vocab; ++i) {
    const float offset = TransformedLane<kCapped>(transform, row[i]) - max;
    const float e = std::exp(offset);
    sums.exp += e;
    sums.exp_offset += e * offset;
    also(i, offset, e);
  }
  return sums;
}

// A maximum that is not a number must not pass as a row without columns.
HWY_INLINE RowStats StatsFrom(float max, const RowSums& sums, float target_logit) {
  return {max, std::isnan(max) ? max : sums.exp, sums.exp_offset, target_logit};
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, per target
