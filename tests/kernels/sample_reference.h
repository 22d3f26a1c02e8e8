// What kernels/sample_token.h should draw, in float64 and by sorting.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/sample_token.h"

namespace restem::testing {

// The distribution that a rule makes of a row of logits: temperature, then top-k, then top-p, as
// transformers orders them.
class ReferenceSampler {
 public:
  ReferenceSampler(std::vector<double> logits, const kernels::SamplingRule& rule);

  // How far `uniform` lies outside of what the token owns of [0, 1): 0 where the token is the right
  // draw. Infinite for a token that top-k left out.
  double distance(int32_t token, double uniform) const;

  double probability(int32_t token) const;      // 0 where filtered
  double sampled_logprob(int32_t token) const;  // greedy: 0
  double logprob(int32_t token) const;          // of the model's own distribution

 private:
  double weight(int32_t token) const;  // unnormalized

  std::vector<double> logits_;
  kernels::SamplingRule rule_;
  double max_ = 0.0;
  double lse_ = 0.0;   // at temperature 1
  double kept_ = 0.0;  // mass that top-k and top-p leave
  // Of each token, the mass before it in the order of the inverse CDF; infinite without a place.
  std::vector<double> before_;
};

}  // namespace restem::testing
