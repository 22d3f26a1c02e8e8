#include "sampler/token_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/softmax_logprob.h"
#include "model/score.h"

namespace restem {
namespace {

int32_t ArgMax(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Of `token` in the model's own distribution. A logit that is not finite shows in the lse.
absl::StatusOr<float> LogprobOf(std::span<const float> logits, int32_t token) {
  const auto vocab = static_cast<int64_t>(logits.size());
  kernels::RowStats stats;
  kernels::AddToRowStats({.rows = 1, .first = 0, .count = vocab, .stride = vocab},
                         /*transform=*/{},
                         logits.data(),
                         &token,
                         &stats);
  float logprob = 0.0F;
  float lse = 0.0F;
  kernels::FinishRowStats(&stats, /*rows=*/1, {.logp = &logprob, .lse = &lse});
  if (std::isfinite(lse)) return logprob;
  return LogitsNotFinite();
}

// First index at which the running sum of `weights` exceeds `uniform` · total.
template <typename Weights>
size_t InverseCdf(const Weights& weights, double total, double uniform) {
  const double threshold = uniform * total;
  double sum = 0.0;
  size_t last_positive = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0.0F) continue;
    last_positive = i;
    sum += double{weights[i]};
    if (sum > threshold) return i;
  }
  return last_positive;  // rounding left the threshold above the last sum
}

}  // namespace

bool TokenSampler::changes_distribution(const SamplingParams& params) {
  return params.temperature > 0.0 &&
         (params.temperature != 1.0 || params.top_k > 0 || params.top_p < 1.0);
}

absl::StatusOr<TokenDraw> TokenSampler::draw(std::span<const float> logits, double uniform) {
  TokenDraw result;
  if (params_.temperature == 0.0) {
    result.token = ArgMax(logits);
  } else if (params_.top_k == 0 && params_.top_p >= 1.0) {
    result.token = draw_unfiltered(logits, uniform, &result.sampled_logprob);
  } else {
    result.token = draw_filtered(logits, uniform, &result.sampled_logprob);
  }
  RESTEM_ASSIGN_OR_RETURN(result.logprob, LogprobOf(logits, result.token));
  return result;
}

int32_t TokenSampler::draw_unfiltered(std::span<const float> logits,
                                      double uniform,
                                      float* sampled_logprob) {
  probabilities_.resize(logits.size());
  kernels::Softmax(logits.data(),
                   static_cast<int64_t>(logits.size()),
                   static_cast<float>(1.0 / params_.temperature),
                   probabilities_.data());
  const double total = std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
  const size_t chosen = InverseCdf(probabilities_, total, uniform);
  *sampled_logprob = static_cast<float>(std::log(double{probabilities_[chosen]} / total));
  return static_cast<int32_t>(chosen);
}

// The `count` largest logits into candidates_, largest first.
void TokenSampler::keep_largest(std::span<const float> logits, size_t count) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  candidates_.clear();
  for (size_t i = 0; i < logits.size(); ++i) {
    if (candidates_.size() == count && !(logits[i] > candidates_.front().logit)) continue;
    if (candidates_.size() == count) {
      std::pop_heap(candidates_.begin(), candidates_.end(), before);
      candidates_.pop_back();
    }
    candidates_.push_back({logits[i], static_cast<int32_t>(i)});
    std::push_heap(
        candidates_.begin(), candidates_.end(), before);  // the front is the one to drop next
  }
  std::sort_heap(candidates_.begin(), candidates_.end(), before);
}

int32_t TokenSampler::draw_filtered(std::span<const float> logits,
                                    double uniform,
                                    float* sampled_logprob) {
  const size_t kept = params_.top_k > 0
                          ? std::min(logits.size(), static_cast<size_t>(params_.top_k))
                          : logits.size();
  keep_largest(logits, kept);
  weights_.resize(candidates_.size());
  double total = 0.0;
  for (size_t i = 0; i < candidates_.size(); ++i) {
    weights_[i] =
        std::exp((double{candidates_[i].logit} - candidates_[0].logit) / params_.temperature);
    total += weights_[i];
  }
  // top-p: the shortest prefix of the sorted candidates that holds at least top_p of the mass.
  size_t nucleus = 0;
  double mass = 0.0;
  while (nucleus < weights_.size() && (nucleus == 0 || mass < params_.top_p * total))
    mass += weights_[nucleus++];
  weights_.resize(nucleus);
  const size_t chosen = InverseCdf(weights_, mass, uniform);
  *sampled_logprob = static_cast<float>(std::log(weights_[chosen] / mass));
  return candidates_[chosen].token;
}

}  // namespace restem
