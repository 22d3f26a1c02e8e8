// Log-probabilities of given completions.
#pragma once

#include <span>
#include <vector>

#include "model/decoder.h"

namespace restem {

struct Scored {
  std::vector<float> logprobs;  // [completion] natural log, at temperature 1
  double entropy = 0.0;         // mean over the completion's positions, nats
};

// `prompt` and `completion` hold at least one token each; together at most max_position_embeddings
// + 1. Call it under inference mode.
Scored ScoreCompletion(const Model& model,
                       std::span<const int32_t> prompt,
                       std::span<const int32_t> completion);

}  // namespace restem
