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

float MaxOf(const float* row, int64_t vocab) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  float best = row[0];
  int64_t i = 0;
  if (vocab >= lanes) {
    auto top = hn::LoadU(tag, row);
    for (i = lanes; i + lanes <= vocab; i += lanes) top = hn::Max(top, hn::LoadU(tag, row + i));
    best = hn::GetLane(hn::MaxOfLanes(tag, top));
  }
  for (; i < vocab; ++i) best = std::max(best, row[i]);
  return best;
}

struct RowSums {
  float exp;         // Σ exp(x − max)
  float exp_offset;  // Σ exp(x − max)·(x − max)
};

RowSums SumsOf(const float* row, int64_t vocab, float max) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto shift = hn::Set(tag, max);
  auto exp_sum = hn::Zero(tag);
  auto offset_sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= vocab; i += lanes) {
    const auto offset = hn::Sub(hn::LoadU(tag, row + i), shift);
    const auto e = hn::Exp(tag, offset);
    exp_sum = hn::Add(exp_sum, e);
    offset_sum = hn::MulAdd(e, offset, offset_sum);
  }
  RowSums sums = {hn::GetLane(hn::SumOfLanes(tag, exp_sum)),
                  hn::GetLane(hn::SumOfLanes(tag, offset_sum))};
  for (; i < vocab; ++i) {
    const float offset = row[i] - max;
    const float e = std::exp(offset);
    sums.exp += e;
    sums.exp_offset += e * offset;
  }
  return sums;
}

// The statistics of two sets of columns; either may be empty.
RowStats Merged(const RowStats& a, const RowStats& b) {
  if (a.sum == 0.0F || b.sum == 0.0F) {
    RowStats merged = a.sum == 0.0F ? b : a;
    merged.target_logit = a.target_logit + b.target_logit;
    return merged;
  }
  const float max = std::max(a.max, b.max);
  const float a_scale = std::exp(a.max - max);
  const float b_scale = std::exp(b.max - max);
  return {max,
          a.sum * a_scale + b.sum * b_scale,
          a_scale * (a.offset_sum + (a.max - max) * a.sum) +
              b_scale * (b.offset_sum + (b.max - max) * b.sum),
          a.target_logit + b.target_logit};
}

void Add(const LogitsBlock& block, const float* logits, const int32_t* targets, RowStats* stats) {
  for (int64_t r = 0; r < block.rows; ++r, logits += block.stride) {
    const float max = MaxOf(logits, block.count);
    const RowSums sums = SumsOf(logits, block.count, max);
    const int64_t column = targets[r] - block.first;
    const bool here = 0 <= column && column < block.count;
    stats[r] = Merged(stats[r], {max, sums.exp, sums.exp_offset, here ? logits[column] : 0.0F});
  }
}

void Merge(const RowStats* other, int64_t rows, RowStats* stats) {
  for (int64_t r = 0; r < rows; ++r) stats[r] = Merged(stats[r], other[r]);
}

void Finish(const RowStats* stats, int64_t rows, float* logp, float* lse, float* entropy) {
  for (int64_t r = 0; r < rows; ++r) {
    const float log_sum = std::log(stats[r].sum);
    lse[r] = stats[r].max + log_sum;
    logp[r] = (stats[r].target_logit - stats[r].max) - log_sum;
    if (entropy != nullptr) entropy[r] = log_sum - stats[r].offset_sum / stats[r].sum;
  }
}

void Gradient(const LogitsBlock& block,
              const int32_t* targets,
              const float* weights,
              const float* lse,
              float z_loss,
              float* logits) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t r = 0; r < block.rows; ++r, logits += block.stride) {
    const float factor = weights[r] * (1.0F + 2.0F * z_loss * lse[r]);
    const auto shift = hn::Set(tag, lse[r]);
    const auto scale = hn::Set(tag, factor);
    int64_t i = 0;
    for (; i + lanes <= block.count; i += lanes) {
      const auto p = hn::Exp(tag, hn::Sub(hn::LoadU(tag, logits + i), shift));
      hn::StoreU(hn::Mul(p, scale), tag, logits + i);
    }
    for (; i < block.count; ++i) logits[i] = std::exp(logits[i] - lse[r]) * factor;
    const int64_t column = targets[r] - block.first;
    if (0 <= column && column < block.count) logits[column] -= weights[r];
  }
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
HWY_EXPORT(Merge);
HWY_EXPORT(Finish);
HWY_EXPORT(Gradient);
HWY_EXPORT(Probabilities);

void AddToRowStats(const LogitsBlock& block,
                   const float* logits,
                   const int32_t* targets,
                   RowStats* stats) {
  HWY_DYNAMIC_DISPATCH(Add)(block, logits, targets, stats);
}

void MergeRowStats(const RowStats* other, int64_t rows, RowStats* stats) {
  HWY_DYNAMIC_DISPATCH(Merge)(other, rows, stats);
}

void FinishRowStats(const RowStats* stats, int64_t rows, float* logp, float* lse, float* entropy) {
  HWY_DYNAMIC_DISPATCH(Finish)(stats, rows, logp, lse, entropy);
}

void SoftmaxLogprobGradient(const LogitsBlock& block,
                            const int32_t* targets,
                            const float* weights,
                            const float* lse,
                            float z_loss,
                            float* logits) {
  HWY_DYNAMIC_DISPATCH(Gradient)(block, targets, weights, lse, z_loss, logits);
}

void Softmax(const float* logits, int64_t vocab, float inverse_temperature, float* probabilities) {
  HWY_DYNAMIC_DISPATCH(Probabilities)(logits, vocab, inverse_temperature, probabilities);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
