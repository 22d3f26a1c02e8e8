// Draws one token from a row of logits.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/sample_token.h"
#include "sampler/engine.h"

namespace restem {

struct TokenDraw {
  int32_t token = 0;
  float logprob = 0.0F;          // natural log, of the model's own distribution
  float sampled_logprob = 0.0F;  // of the distribution that the token was drawn from
};

// kernels/sample_token.h, which says how, with statuses.
class TokenSampler {
 public:
  explicit TokenSampler(const SamplingParams& params)
      : rule_{params.temperature, params.top_k, params.top_p} {}

  // Whether the draw is from another distribution than the model's own, so that sampled_logprob
  // says something new.
  static bool changes_distribution(const SamplingParams& params);

  // `uniform` in (0, 1) decides; greedy ignores it. Failed where a logit is NaN or +inf.
  absl::StatusOr<TokenDraw> draw(std::span<const float> logits, double uniform) const;  // [vocab]

 private:
  const kernels::SamplingRule rule_;
};

}  // namespace restem
