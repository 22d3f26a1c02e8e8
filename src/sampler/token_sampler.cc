#include "sampler/token_sampler.h"

#include <cmath>

#include "model/score.h"

namespace restem {

bool TokenSampler::changes_distribution(const SamplingParams& params) {
  return params.temperature > 0.0 &&
         (params.temperature != 1.0 || params.top_k > 0 || params.top_p < 1.0);
}

absl::StatusOr<TokenDraw> TokenSampler::draw(std::span<const float> logits, double uniform) const {
  const auto vocab = static_cast<int64_t>(logits.size());
  TokenDraw result;
  kernels::SampleTokens({.rows = 1, .vocab = vocab, .stride = vocab},
                        rule_,
                        logits.data(),
                        &uniform,
                        {&result.token, &result.logprob, &result.sampled_logprob});
  if (!std::isfinite(result.logprob)) return LogitsNotFinite();
  return result;
}

}  // namespace restem
