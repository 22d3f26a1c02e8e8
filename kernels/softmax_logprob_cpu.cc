#include <algorithm>
#include <cmath>

#include "kernels/softmax_logprob.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_logprob_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// NaN where a logit is not finite: Max ignores NaN, and Exp makes 0 of it.
float MaxOf(const float* row, int64_t vocab) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto zero = hn::Zero(tag);
  float best = row[0];
  float probe = 0.0F;  // Σ 0·x: 0, or NaN
  int64_t i = 0;
  if (vocab >= lanes) {
    auto top = hn::LoadU(tag, row);
    auto probes = zero;
    for (; i + lanes <= vocab; i += lanes) {
      const auto x = hn::LoadU(tag, row + i);
      top = hn::Max(top, x);
      probes = hn::MulAdd(x, zero, probes);
    }
    best = hn::GetLane(hn::MaxOfLanes(tag, top));
    probe = hn::GetLane(hn::SumOfLanes(tag, probes));
  }
  for (; i < vocab; ++i) {
    best = std::max(best, row[i]);
    probe += 0.0F * row[i];
  }
  return probe == 0.0F ? best : probe;
}

// The vector form of kernels::Transformed.
template <bool kCapped, class Tag, class V>
V TransformedVector(Tag tag, const LogitTransform& transform, V logits) {
  if constexpr (kCapped) {
    const auto scaled = hn::Mul(logits, hn::Set(tag, 1.0F / transform.soft_cap));
    logits = hn::Mul(hn::Tanh(tag, scaled), hn::Set(tag, transform.soft_cap));
  }
  return hn::Mul(logits, hn::Set(tag, transform.inverse_temperature));
}

// The vector form of kernels::TransformSlope.
template <bool kCapped, class Tag, class V>
V SlopeVector(Tag tag, const LogitTransform& transform, V transformed) {
  const auto scale = hn::Set(tag, transform.inverse_temperature);
  if constexpr (!kCapped) return scale;
  const auto t = hn::Mul(transformed,
                         hn::Set(tag, 1.0F / (transform.inverse_temperature * transform.soft_cap)));
  return hn::NegMulAdd(hn::Mul(t, t), scale, scale);
}

struct RowSums {
  float exp;         // Σ exp(x − max)
  float exp_offset;  // Σ exp(x − max)·(x − max)
};

template <bool kCapped>
RowSums SumsOf(const float* row, int64_t vocab, const LogitTransform& transform, float max) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto shift = hn::Set(tag, max);
  auto exp_sum = hn::Zero(tag);
  auto offset_sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= vocab; i += lanes) {
    const auto x = TransformedVector<kCapped>(tag, transform, hn::LoadU(tag, row + i));
    const auto offset = hn::Sub(x, shift);
    const auto e = hn::Exp(tag, offset);
    exp_sum = hn::Add(exp_sum, e);
    offset_sum = hn::MulAdd(e, offset, offset_sum);
  }
  RowSums sums = {hn::GetLane(hn::SumOfLanes(tag, exp_sum)),
                  hn::GetLane(hn::SumOfLanes(tag, offset_sum))};
  for (; i < vocab; ++i) {
    const float offset = Transformed<kCapped>(transform, row[i]) - max;
    const float e = std::exp(offset);
    sums.exp += e;
    sums.exp_offset += e * offset;
  }
  return sums;
}

template <bool kCapped>
void AddAs(const LogitsBlock& block,
           const LogitTransform& transform,
           const float* logits,
           const int32_t* targets,
           RowStats* stats) {
  for (int64_t r = 0; r < block.rows; ++r, logits += block.stride) {
    // The transform grows with the logit: the largest stays the largest.
    const float max = Transformed<kCapped>(transform, MaxOf(logits, block.count));
    const RowSums sums = SumsOf<kCapped>(logits, block.count, transform, max);
    const int64_t column = targets[r] - block.first;
    const bool here = 0 <= column && column < block.count;
    const float target = here ? Transformed<kCapped>(transform, logits[column]) : 0.0F;
    // A maximum that is not a number must not pass as a row without columns.
    stats[r] = Merged(stats[r], {max, std::isnan(max) ? max : sums.exp, sums.exp_offset, target});
  }
}

void Add(const LogitsBlock& block,
         const LogitTransform& transform,
         const float* logits,
         const int32_t* targets,
         RowStats* stats) {
  const auto add = transform.soft_cap > 0.0F ? AddAs<true> : AddAs<false>;
  add(block, transform, logits, targets, stats);
}

template <bool kCapped>
void GradientAs(const LogitsBlock& block,
                const LogitTransform& transform,
                const NllLoss& loss,
                const float* lse,
                float* logits) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t r = 0; r < block.rows; ++r, logits += block.stride) {
    const int64_t column = loss.targets[r] - block.first;
    const bool here = 0 <= column && column < block.count;
    const float at_target = here ? Transformed<kCapped>(transform, logits[column]) : 0.0F;
    const float factor = GradientFactor(loss.weights[r], loss.z_loss, lse[r]);
    const auto shift = hn::Set(tag, lse[r]);
    const auto scale = hn::Set(tag, factor);
    int64_t i = 0;
    for (; i + lanes <= block.count; i += lanes) {
      const auto x = TransformedVector<kCapped>(tag, transform, hn::LoadU(tag, logits + i));
      const auto p = hn::Mul(hn::Exp(tag, hn::Sub(x, shift)), scale);
      hn::StoreU(hn::Mul(p, SlopeVector<kCapped>(tag, transform, x)), tag, logits + i);
    }
    for (; i < block.count; ++i) {
      const float x = Transformed<kCapped>(transform, logits[i]);
      logits[i] = std::exp(x - lse[r]) * factor * TransformSlope<kCapped>(transform, x);
    }
    if (here) logits[column] -= loss.weights[r] * TransformSlope<kCapped>(transform, at_target);
  }
}

void Gradient(const LogitsBlock& block,
              const LogitTransform& transform,
              const NllLoss& loss,
              const float* lse,
              float* logits) {
  const auto run = transform.soft_cap > 0.0F ? GradientAs<true> : GradientAs<false>;
  run(block, transform, loss, lse, logits);
}

void Probabilities(const float* logits,
                   int64_t vocab,
                   float inverse_temperature,
                   float* probabilities) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const float max = MaxOf(logits, vocab);
  const auto shift = hn::Set(tag, max);
  const auto scale = hn::Set(tag, inverse_temperature);
  auto sums = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= vocab; i += lanes) {
    const auto e = hn::Exp(tag, hn::Mul(hn::Sub(hn::LoadU(tag, logits + i), shift), scale));
    hn::StoreU(e, tag, probabilities + i);
    sums = hn::Add(sums, e);
  }
  float sum = hn::GetLane(hn::SumOfLanes(tag, sums));
  for (; i < vocab; ++i) {
    probabilities[i] = std::exp((logits[i] - max) * inverse_temperature);
    sum += probabilities[i];
  }
  for (i = 0; i < vocab; ++i) probabilities[i] /= sum;
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Add);
HWY_EXPORT(Gradient);
HWY_EXPORT(Probabilities);

void AddToRowStats(const LogitsBlock& block,
                   const LogitTransform& transform,
                   const float* logits,
                   const int32_t* targets,
                   RowStats* stats) {
  HWY_DYNAMIC_DISPATCH(Add)(block, transform, logits, targets, stats);
}

void MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats) {
  for (int64_t r = 0; r < rows; ++r) stats[r] = Merged(stats[r], other[r]);
}

void FinishRowStats(const RowStats* stats, int64_t rows, const RowResults& results) {
  for (int64_t r = 0; r < rows; ++r) {
    const RowResult result = Finished(stats[r]);
    results.logp[r] = result.logp;
    results.lse[r] = result.lse;
    if (results.entropy != nullptr) results.entropy[r] = result.entropy;
  }
}

void SoftmaxLogprobGradient(const LogitsBlock& block,
                            const LogitTransform& transform,
                            const NllLoss& loss,
                            const float* lse,
                            float* logits) {
  HWY_DYNAMIC_DISPATCH(Gradient)(block, transform, loss, lse, logits);
}

void Softmax(const float* logits, int64_t vocab, float inverse_temperature, float* probabilities) {
  HWY_DYNAMIC_DISPATCH(Probabilities)(logits, vocab, inverse_temperature, probabilities);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
