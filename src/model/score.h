// Log-probabilities of given completions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "model/decoder.h"

namespace restem {

// Each has at least one token; together no more than ModelConfig::holds().
struct ScoreItem {
  std::span<const int32_t> prompt;
  std::span<const int32_t> completion;
};

struct Scored {
  std::vector<float> logprobs;  // [completion] natural log, at temperature 1
  double entropy = 0.0;         // mean over the completion's positions, nats
};

// In one forward pass; a result does not depend on what else is in it. Call it under inference
// mode.
std::vector<Scored> ScoreCompletions(const Model& model, std::span<const ScoreItem> items);

// All items, some at a time on each of `lanes` threads. `done(i, scored)` is called once for each
// item, from any thread, in any order. Errors: LogitsNotFinite(), and a requested stop's.
absl::Status ScoreAll(const Model& model,
                      std::span<const ScoreItem> items,
                      int64_t lanes,
                      const std::function<void(size_t i, const Scored& scored)>& done);

// What a model whose weights are damaged or overflow is refused with.
absl::Status LogitsNotFinite();

}  // namespace restem
