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

void Logprob(const float* logits,
             const int32_t* targets,
             int64_t rows,
             int64_t vocab,
             float* logp,
             float* lse,
             float* entropy) {
  for (int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float max = MaxOf(logits, vocab);
    const RowSums sums = SumsOf(logits, vocab, max);
    const float log_sum = std::log(sums.exp);
    lse[r] = max + log_sum;
    logp[r] = (logits[targets[r]] - max) - log_sum;
    if (entropy != nullptr) entropy[r] = log_sum - sums.exp_offset / sums.exp;
  }
}

void Gradient(float* logits,
              const int32_t* targets,
              const float* weights,
              const float* lse,
              int64_t rows,
              int64_t vocab,
              float z_loss) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t r = 0; r < rows; ++r, logits += vocab) {
    const float factor = weights[r] * (1.0F + 2.0F * z_loss * lse[r]);
    const auto shift = hn::Set(tag, lse[r]);
    const auto scale = hn::Set(tag, factor);
    int64_t i = 0;
    for (; i + lanes <= vocab; i += lanes) {
      const auto p = hn::Exp(tag, hn::Sub(hn::LoadU(tag, logits + i), shift));
      hn::StoreU(hn::Mul(p, scale), tag, logits + i);
    }
    for (; i < vocab; ++i) logits[i] = std::exp(logits[i] - lse[r]) * factor;
    logits[targets[r]] -= weights[r];
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
HWY_EXPORT(Logprob);
HWY_EXPORT(Gradient);
HWY_EXPORT(Probabilities);

void SoftmaxLogprob(const float* logits,
                    const int32_t* targets,
                    int64_t rows,
                    int64_t vocab,
                    float* logp,
                    float* lse,
                    float* entropy) {
  HWY_DYNAMIC_DISPATCH(Logprob)(logits, targets, rows, vocab, logp, lse, entropy);
}

void SoftmaxLogprobGradient(float* logits,
                            const int32_t* targets,
                            const float* weights,
                            const float* lse,
                            int64_t rows,
                            int64_t vocab,
                            float z_loss) {
  HWY_DYNAMIC_DISPATCH(Gradient)(logits, targets, weights, lse, rows, vocab, z_loss);
}

void Softmax(const float* logits, int64_t vocab, float inverse_temperature, float* probabilities) {
  HWY_DYNAMIC_DISPATCH(Probabilities)(logits, vocab, inverse_temperature, probabilities);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
