#include <cmath>

#include "kernels/softmax_logprob.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax_logprob_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/row_stats-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The vector form of kernels::TransformSlope.
template <bool kCapped, class Tag, class V>
V SlopeVector(Tag tag, const LogitTransform& transform, V transformed) {
  const auto scale = hn::Set(tag, transform.inverse_temperature);
  if constexpr (!kCapped) return scale;
  const auto t = hn::Mul(transformed,
                         hn::Set(tag, 1.0F / (transform.inverse_temperature * transform.soft_cap)));
  return hn::NegMulAdd(hn::Mul(t, t), scale, scale);
}

template <bool kCapped>
void AddAs(const LogitsBlock& block,
           const LogitTransform& transform,
           const float* logits,
           const int32_t* targets,
           RowStats* stats) {
  for (int64_t r = 0; r < block.rows; ++r, logits += block.stride) {
    // The transform grows with the logit: the largest stays the largest.
    const float max = TransformedLane<kCapped>(transform, MaxOf(logits, block.count));
    const RowSums sums = SumsOf<kCapped>(logits, block.count, transform, max, SumsOnly());
    const int64_t column = targets[r] - block.first;
    const bool here = 0 <= column && column < block.count;
    const float target = here ? TransformedLane<kCapped>(transform, logits[column]) : 0.0F;
    stats[r] = Merged(stats[r], StatsFrom(max, sums, target));
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

void Cap(float soft_cap, int64_t count, float* logits) {
  const FloatTag tag;
  const LogitTransform transform = {.soft_cap = soft_cap};
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto capped = TransformedVector<true>(transform, hn::LoadU(tag, logits + i));
    hn::StoreU(capped, tag, logits + i);
  }
  for (; i < count; ++i) logits[i] = TransformedLane<true>(transform, logits[i]);
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
    const float at_target = here ? TransformedLane<kCapped>(transform, logits[column]) : 0.0F;
    const float factor = GradientFactor(loss.weights[r], loss.z_loss, lse[r]);
    const auto shift = hn::Set(tag, lse[r]);
    const auto scale = hn::Set(tag, factor);
    int64_t i = 0;
    for (; i + lanes <= block.count; i += lanes) {
      const auto x = TransformedVector<kCapped>(transform, hn::LoadU(tag, logits + i));
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

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Add);
HWY_EXPORT(Cap);
HWY_EXPORT(Gradient);

void AddToRowStats(const LogitsBlock& block,
                   const LogitTransform& transform,
                   const float* logits,
                   const int32_t* targets,
                   RowStats* stats) {
  HWY_DYNAMIC_DISPATCH(Add)(block, transform, logits, targets, stats);
}

void SoftCapLogits(float soft_cap, int64_t count, float* logits) {
  HWY_DYNAMIC_DISPATCH(Cap)(soft_cap, count, logits);
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

}  // namespace restem::kernels
#endif  // HWY_ONCE
