// One thread's share of the sampling: a batch of running samples that advance together, a token a
// step. A sample that ends leaves its place to the next one while the others go on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "model/decoder.h"
#include "model/kv_cache.h"
#include "sampler/running_sample.h"

namespace restem {

// Samples of one request that one lane draws.
struct WorkUnit {
  const SampleRequest* request = nullptr;
  std::span<const int64_t> samples;
};

class Lane {
 public:
  struct Callbacks {
    std::function<std::optional<WorkUnit>()> next_unit;  // nullopt: no more work
    std::function<absl::Status(Sample&&)> emit;
    std::function<bool()> stopped;
  };

  Lane(const Model& model,
       const Tokenizer& tokenizer,
       const SamplingParams& params,
       int64_t max_rows,  // running samples
       Callbacks callbacks);

  // Works until there is no more, an error, or a stop.
  absl::Status run();

  int64_t prompt_tokens() const { return prompt_tokens_; }
  int64_t generated_tokens() const { return generated_tokens_; }

 private:
  // A prompt's keys and next-token logits: computed once, shared by its samples.
  struct Prompt {
    KvRun keys;
    at::Tensor logits;  // [vocab]
    int64_t length = 0;
  };
  struct Row {
    RunningSample sample;
    std::shared_ptr<const Prompt> prompt;
    KvRun keys;
  };

  absl::Status fill();
  absl::Status start_sample(int64_t index);
  absl::Status step();
  absl::Status finish(RunningSample&& sample);
  std::shared_ptr<const Prompt> prefill(std::span<const int32_t> tokens);
  at::Tensor decode();
  AttentionFn cached_attention();

  const Model& model_;
  const Tokenizer& tokenizer_;
  const SamplingParams& params_;
  const size_t max_rows_;
  const Callbacks callbacks_;
  TokenSampler token_sampler_;
  KvPagePool pool_;  // outlives every run of keys below
  std::optional<WorkUnit> unit_;
  size_t next_in_unit_ = 0;
  std::shared_ptr<const Prompt> unit_prompt_;
  std::vector<Row> rows_;
  std::vector<kernels::CachedKeys> prompt_views_;  // [rows], of the step under way
  std::vector<kernels::CachedKeys> own_views_;
  int64_t prompt_tokens_ = 0;
  int64_t generated_tokens_ = 0;
};

}  // namespace restem
