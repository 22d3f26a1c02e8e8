// One thread's share of the sampling. Each step is one forward pass under a budget of rows: the
// newest token of every running sample, and with what is left pieces of the prompts that come next.
// A sample that ends leaves its place to the next one while the others go on. Where pages run out,
// the youngest sample gives up its own and is computed again later. A lane that has nothing left to
// do takes running samples over from others.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "model/kv_cache.h"
#include "sampler/handover.h"
#include "sampler/step.h"
#include "sampler/work_list.h"

namespace restem {

// What all lanes of a run share.
struct LaneContext {
  const Model& model;  // packed
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
  explicit Lane(const LaneContext& context);

  // Works until there is no more, an error, or a stop.
  absl::Status run();

  const GenerationStats& stats() const { return stats_; }

 private:
  // A request's prompt: computed once, piece by piece; then its samples fork from it.
  struct Prompt {
    const SampleRequest* request;
    KvSequence keys;
    at::Tensor logits;                   // [vocab] behind it, once it is computed
    std::deque<RunningSample> to_start;  // also samples that gave up their pages
    int64_t fed = 0;                     // tokens in the step under way

    int64_t length() const { return static_cast<int64_t>(request->prompt_tokens.size()); }
    bool computed() const { return keys.keys() == length(); }
  };

  void drop_unwanted();
  void share_rows();
  absl::Status start_samples();
  absl::StatusOr<bool> start_one(Prompt& prompt);
  void take_work();
  Prompt& prompt_of(const SampleRequest& request);
  int64_t waiting() const;

  void add_rows();
  void add_prompts();
  bool has_room(int64_t keys) const;
  bool free_pages(size_t keep);
  void preempt_last();
  void give_up_all();

  absl::Status step();
  absl::Status finish(RunningSample&& sample);

  const LaneContext& context_;
  TokenSampler token_sampler_;
  Step step_;
  std::vector<RunningRow> rows_;  // oldest first
  std::deque<Prompt> prompts_;    // to compute, or with samples to start, in order
  bool more_work_ = true;
  GenerationStats stats_;
};

}  // namespace restem
