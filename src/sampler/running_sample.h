// A completion while it grows: tokens, text, log-probs, and when it ends.
#pragma once

#include <string>

#include "base/random.h"
#include "data/types.h"
#include "model/config.h"
#include "sampler/engine.h"
#include "sampler/token_sampler.h"
#include "text/decode_stream.h"

namespace restem {

class RunningSample {
 public:
  // `room` is how many tokens the context leaves behind the prompt.
  RunningSample(const SampleRequest& request,
                int64_t sample,
                const SamplingParams& params,
                const ModelConfig& config,
                const Tokenizer& tokenizer,  // outlives this
                int64_t room);

  // Draws the next token from its logits. Returns true when that was the last one.
  absl::StatusOr<bool> step(std::span<const float> logits, const TokenSampler& sampler);  // [vocab]
  // The same for a token that was drawn elsewhere, from stream() at counter length().
  bool accept(const TokenDraw& draw);

  int64_t index() const { return sample_.sample; }
  std::span<const int32_t> tokens() const { return sample_.tokens; }
  int64_t length() const { return static_cast<int64_t>(sample_.tokens.size()); }
  int64_t limit() const { return limit_; }  // tokens at most
  const kernels::PhiloxStream& stream() const { return stream_.philox(); }
  Sample finish() &&;

 private:
  bool ends_at_stop_string(size_t text_before);

  const SamplingParams* params_;
  const ModelConfig* config_;
  int64_t limit_;  // tokens
  RandomStream stream_;
  DecodeStream decoder_;
  Sample sample_;
};

}  // namespace restem
