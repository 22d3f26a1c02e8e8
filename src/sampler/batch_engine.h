// The sampling engine of a CPU machine: one lane per thread, each with a batch of its own. Lanes
// share weights, pages and the list of work, and hand samples over at the end; no step waits for
// another thread.
#pragma once

#include <memory>
#include <optional>

#include "model/decoder.h"
#include "model/kv_cache.h"
#include "sampler/engine.h"
#include "sampler/engine_parts.h"
#include "text/tokenizer.h"

namespace restem {

struct BatchEngineOptions {
  int64_t lanes = 1;                      // threads
  std::optional<int64_t> batch_tokens;    // rows of a step, over all lanes; auto: nullopt
  std::optional<int64_t> kv_cache_bytes;  // auto: half of the machine's memory

  int64_t max_rows() const { return batch_tokens.value_or(lanes * kAutoRowsPerLane); }
  static constexpr int64_t kAutoRowsPerLane = 128;
};

class BatchEngine : public SamplingEngine {
 public:
  // Of a part of a model, `parts` has the ranks with the others; null: the model is whole.
  BatchEngine(Model model,
              std::shared_ptr<const Tokenizer> tokenizer,
              BatchEngineOptions options,
              std::unique_ptr<LeadingParts> parts = nullptr);

  using SamplingEngine::generate;
  absl::StatusOr<GenerationStats> generate(std::span<const SampleRequest> requests,
                                           const SamplingParams& params,
                                           const Sink& sink,
                                           const More& more) override;

 private:
  absl::StatusOr<GenerationStats> run_lanes(std::span<const SampleRequest> requests,
                                            const SamplingParams& params,
                                            int64_t lanes,
                                            CpuKvPages& pool,
                                            const Sink& sink,
                                            const More& more);

  Model lane_model(size_t lane) const;

  Model model_;  // packed
  const ModelConfig whole_;
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const BatchEngineOptions options_;
  const std::unique_ptr<LeadingParts> parts_;
};

}  // namespace restem
