// Draws one token from a row of logits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sampler/engine.h"

namespace restem {

struct TokenDraw {
  int32_t token = 0;
  float logprob = 0.0F;          // natural log, of the model's own distribution
  float sampled_logprob = 0.0F;  // of the distribution that the token was drawn from
};

// Temperature first, then top-k, then top-p, as transformers orders them. Ties go to the lower id.
// For one thread.
class TokenSampler {
 public:
  explicit TokenSampler(const SamplingParams& params) : params_(params) {}

  // Whether the draw is from another distribution than the model's own, so that sampled_logprob
  // says something new.
  static bool changes_distribution(const SamplingParams& params);

  // `uniform` in (0, 1) decides; greedy ignores it. Failed where a logit is NaN or +inf.
  absl::StatusOr<TokenDraw> draw(std::span<const float> logits, double uniform);  // [vocab]

 private:
  struct Candidate {
    float logit;
    int32_t token;
  };

  int32_t draw_unfiltered(std::span<const float> logits, double uniform, float* sampled_logprob);
  int32_t draw_filtered(std::span<const float> logits, double uniform, float* sampled_logprob);
  void keep_largest(std::span<const float> logits, size_t count);

  const SamplingParams params_;
  std::vector<float> probabilities_;
  std::vector<Candidate> candidates_;
  std::vector<double> weights_;
};

}  // namespace restem
