#include "sampler/running_sample.h"

#include <algorithm>
#include <utility>

namespace restem {

RunningSample::RunningSample(const SampleRequest& request,
                             int64_t sample,
                             const SamplingParams& params,
                             const ModelConfig& config,
                             const Tokenizer& tokenizer,
                             int64_t room)
    : params_(&params),
      config_(&config),
      limit_(std::min(params.max_new_tokens, room)),
      stream_(params.seed,
              params.purpose,
              params.iteration,
              request.problem,
              static_cast<uint64_t>(sample)),
      decoder_(tokenizer, request.prompt_tokens) {
  sample_.problem = request.problem;
  sample_.sample = sample;
}

absl::StatusOr<bool> RunningSample::step(std::span<const float> logits,
                                         const TokenSampler& sampler) {
  RESTEM_ASSIGN_OR_RETURN(const TokenDraw draw,
                          sampler.draw(logits, stream_.uniform(sample_.tokens.size())));
  return accept(draw);
}

bool RunningSample::accept(const TokenDraw& draw) {
  sample_.tokens.push_back(draw.token);
  sample_.logprobs.push_back(draw.logprob);
  if (TokenSampler::changes_distribution(*params_))
    sample_.sampled_logprobs.push_back(draw.sampled_logprob);
  if (!params_->ignore_eos && config_->is_eos(draw.token)) {
    sample_.finish_reason = FinishReason::kEos;
    sample_.text += decoder_.finish();
    return true;
  }
  const size_t text_before = sample_.text.size();
  sample_.text += decoder_.push(draw.token);
  if (ends_at_stop_string(text_before)) {
    sample_.finish_reason = FinishReason::kStop;
    return true;
  }
  if (length() < limit_) return false;
  sample_.finish_reason = FinishReason::kLength;
  sample_.text += decoder_.finish();
  return true;
}

// Looks for the earliest stop string that the newest piece of text completed, and cuts the text
// before it.
bool RunningSample::ends_at_stop_string(size_t text_before) {
  size_t cut = std::string::npos;
  for (const std::string& stop : params_->stop) {
    if (stop.empty()) continue;
    const size_t from = text_before > stop.size() - 1 ? text_before - (stop.size() - 1) : 0;
    cut = std::min(cut, sample_.text.find(stop, from));
  }
  if (cut == std::string::npos) return false;
  sample_.text.resize(cut);
  return true;
}

Sample RunningSample::finish() && { return std::move(sample_); }

}  // namespace restem
