// Decides what each step on the GPU computes: the newest token of every running sample, and with
// the rows that are left pieces of the prompts that come next. It works one step ahead: while the
// GPU computes a step, the draws of the one before are read and the next is planned. Only what a
// step draws is unknown by then; where the keys go, and which samples reach their length, is not.
//
// Unlike on the CPU (sampler/lane.h), a prompt is computed without its last token, and every sample
// begins by feeding that one itself: so all draws are alike, whatever their sample's age.
#pragma once

#include <algorithm>
#include <deque>
#include <list>
#include <vector>

#include "model/kv_cache.h"
#include "sampler/cuda/step_runner.h"
#include "sampler/waiting_prompts.h"

namespace restem::cuda {

struct SchedulerContext {
  const ModelConfig& config;
  const Tokenizer& tokenizer;
  const SamplingParams& params;
  KvPagePool& pool;
  const KvSequence& prefix;  // that all prompts begin with: whole pages, or none
  StepRunner& runner;
  int64_t max_drawing = 1;  // samples that run at once
  int64_t max_feeding = 1;  // other rows of a step
  int64_t max_rows = 1;     // of a step, of both kinds together
  WorkList& work;
  const SamplingEngine::Sink& emit;
};

// Leading pages of a sequence that hold nothing but the prompt, without its last token.
int64_t PromptPages(const SampleRequest& request);

class Scheduler {
 public:
  explicit Scheduler(const SchedulerContext& context);

  // Works until there is no more, an error, or a requested stop.
  absl::Status run();

  const GenerationStats& stats() const { return stats_; }

 private:
  struct Prompt : WaitingPrompt {
    int64_t target() const { return length() - 1; }
    bool computed() const { return keys.keys() == target(); }
  };
  struct Row {
    RunningSample sample;
    const SampleRequest* request;
    KvSequence keys;
    int32_t slot;
    int64_t in_flight = 0;  // draws that are under way
    bool ended = false;     // what is under way is no longer wanted

    int32_t token(int64_t position) const;
    // Tokens of prompt and completion, those under way included.
    int64_t tokens() const;
    int64_t missing() const { return tokens() - keys.keys(); }  // keys
  };

  void drop_unwanted();
  void drop_done();
  void start_samples();
  bool start_one(Prompt& prompt);

  void plan();
  void plan_draw(Row& row);
  void plan_missing_keys(Row& row);
  void plan_prompt(Prompt& prompt);
  bool reserve(Row& row, int64_t keys);
  // Rows that a step still has room for.
  int64_t drawing_left() const { return context_.max_rows - step_.drawing() - step_.feeding(); }
  int64_t feeding_left() const {
    return std::min(drawing_left(), context_.max_feeding - step_.feeding());
  }
  void make_room();

  absl::Status launch();
  absl::Status collect();
  absl::Status finish(Row& row);

  const SchedulerContext context_;
  PlannedStep step_;
  std::vector<Row*> drawing_;                // rows that draw in step_
  std::deque<std::vector<Row*>> under_way_;  // of steps launched and not collected, oldest first
  std::list<Row> rows_;                      // oldest first
  WaitingPrompts<Prompt> prompts_;
  std::vector<int32_t> free_slots_;
  bool starved_ = false;  // in the last plan a running sample found no page
  GenerationStats stats_;
};

}  // namespace restem::cuda
