#include "kernels/sample_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace restem::testing {

ReferenceSampler::ReferenceSampler(std::vector<double> logits, const kernels::SamplingRule& rule)
    : logits_(std::move(logits)), rule_(rule) {
  max_ = *std::max_element(logits_.begin(), logits_.end());
  double total = 0.0;
  for (const double x : logits_) total += std::exp(x - max_);
  lse_ = max_ + std::log(total);
  before_.resize(logits_.size(), std::numeric_limits<double>::infinity());
  std::vector<int32_t> order(logits_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto larger = [this](int32_t a, int32_t b) {
    return logits_[static_cast<size_t>(a)] > logits_[static_cast<size_t>(b)];
  };
  const bool filtered = rule.top_k > 0 || rule.top_p < 1.0;
  if (filtered || rule.temperature == 0.0) std::stable_sort(order.begin(), order.end(), larger);
  if (rule.top_k > 0 && rule.top_k < static_cast<int64_t>(order.size()))
    order.resize(static_cast<size_t>(rule.top_k));
  if (rule.temperature == 0.0) order.resize(1);
  double mass = 0.0;
  for (const int32_t token : order) {
    before_[static_cast<size_t>(token)] = mass;
    mass += weight(token);
  }
  // The shortest start of the order that holds top_p of it.
  for (const int32_t token : order) {
    if (kept_ > 0.0 && kept_ >= rule.top_p * mass) break;
    kept_ += weight(token);
  }
}

double ReferenceSampler::weight(int32_t token) const {
  const double offset = logits_[static_cast<size_t>(token)] - max_;
  return rule_.temperature == 0.0 ? 1.0 : std::exp(offset / rule_.temperature);
}

double ReferenceSampler::distance(int32_t token, double uniform) const {
  const double first = before_[static_cast<size_t>(token)] / kept_;
  const double last = first + weight(token) / kept_;
  return std::max({first - uniform, uniform - last, 0.0});
}

double ReferenceSampler::probability(int32_t token) const {
  const bool kept = before_[static_cast<size_t>(token)] < kept_;
  return kept ? weight(token) / kept_ : 0.0;
}

double ReferenceSampler::sampled_logprob(int32_t token) const {
  if (rule_.temperature == 0.0) return 0.0;
  return (logits_[static_cast<size_t>(token)] - max_) / rule_.temperature - std::log(kept_);
}

double ReferenceSampler::logprob(int32_t token) const {
  return logits_[static_cast<size_t>(token)] - lse_;
}

}  // namespace restem::testing
