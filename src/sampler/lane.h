// One thread's share of the sampling. Each step is one forward pass under a budget of rows: the
// newest token of every running sample, and with what is left pieces of the prompts that come next.
// A sample that ends leaves its place to the next one while the others go on. Where pages run out,
// the youngest sample gives up its own and is computed again later. A lane that has nothing left to
// do takes running samples over from others.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "model/kv_cache.h"
#include "sampler/handover.h"
#include "sampler/step.h"
#include "sampler/waiting_prompts.h"

namespace restem {

// What all lanes of a run share.
struct LaneContext {
  const ModelConfig& config;
  const Tokenizer& tokenizer;
  const SamplingParams& params;
  CpuKvPages& pool;
  const KvSequence& prefix;  // that all prompts begin with: whole pages, or none
  int64_t max_rows = 1;      // of a lane's step
  std::function<std::optional<WorkUnit>()> next_unit;  // nullopt: no more work
  Handover& handover;
  std::function<absl::Status(Sample&&)> emit;
  std::function<bool()> stopped;
};

class Lane {
 public:
  // `model` is packed; where it is a part, its ranks are this lane's.
  Lane(const LaneContext& context, const Model& model);

  // Works until there is no more, an error, or a stop.
  absl::Status run();

  const GenerationStats& stats() const { return stats_; }

 private:
  struct Prompt : WaitingPrompt {
    at::Tensor logits = {};  // [vocab] behind it, once it is computed
    int64_t fed = 0;         // tokens in the step under way

    bool computed() const { return keys.keys() == length(); }
    void forget() { logits = at::Tensor(); }
  };

  void drop_unwanted();
  void share_rows();
  absl::Status start_samples();
  absl::StatusOr<bool> start_one(Prompt& prompt);

  void add_rows();
  void add_prompts();
  bool free_pages(size_t keep);
  void preempt_last();
  void give_up_all();

  absl::Status step();
  absl::Status finish(RunningSample&& sample);

  const LaneContext& context_;
  TokenSampler token_sampler_;
  Step step_;
  std::vector<RunningRow> rows_;  // oldest first
  WaitingPrompts<Prompt> prompts_;
  GenerationStats stats_;
};

}  // namespace restem
