// Everything a job names, loaded and checked: what `restem check` proves and every stage works
// with.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/types.h"
#include "loop/job.h"
#include "model/config.h"
#include "reward/pool.h"
#include "reward/verifier.h"
#include "sampler/engine.h"
#include "text/prompt.h"
#include "text/tokenizer.h"

namespace restem {

// Problems with their prompts as token ids.
struct ProblemSet {
  std::string name;
  std::vector<Problem> problems;
  std::vector<std::string> prompt_texts;      // [problems]
  std::vector<std::vector<int32_t>> prompts;  // [problems] the same as token ids
  int64_t skipped = 0;  // problems left out since their prompts are too long (data.long_prompts)
};

struct JobInputs {
  Job job;
  ModelConfig base;      // of model.base
  std::string base_dir;  // model.base, or the base of the adapter that it holds
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<const Verifier> verifier;
  ProblemSet train;  // of all training files, in the job's order
  ProblemSet validation;
  std::vector<ProblemSet> tests;
  std::optional<int32_t> solution_end;  // what a human solution ends with; none without EOS ids
  int64_t lanes = 1;                    // threads
  int64_t ranks = 1;                    // processes of the run

  ScoringOptions scoring() const {
    return {.jobs = ScoringJobs(*verifier, job.reward.jobs, lanes)};
  }
  bool on_gpu() const { return job.device == "cuda"; }
  bool bfloat16() const { return job.model.dtype == "bfloat16"; }
  // Whether training examples are human solutions, not samples: nothing is sampled then.
  bool trains_on_solutions() const { return job.train.examples == "solutions"; }
};

absl::StatusOr<JobInputs> LoadInputs(Job job);

// An id beyond the embedding would read foreign memory.
absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, const ModelConfig& config);

// Hash of every file that the outcome depends on, by path.
absl::StatusOr<std::map<std::string, std::string>> HashInputs(const Job& job);

}  // namespace restem
