// The evaluation of one test set: a greedy completion and drawn samples of each problem, judged, as
// metrics.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/types.h"
#include "eval/eval_record.h"
#include "reward/pool.h"
#include "sampler/engine.h"

namespace restem {

// Sample indices in the records of an evaluation: 0 is the greedy completion, 1, 2, … are the drawn
// ones.
inline constexpr int64_t kGreedySample = 0;
inline constexpr int64_t kFirstDrawnSample = 1;

struct EvalProblem {
  const Problem* problem;              // outlives the evaluation
  std::vector<int32_t> prompt_tokens;  // at least one
};

struct EvalPlan {
  bool greedy = true;
  int64_t samples = 64;          // drawn per problem; 0: greedy only
  SamplingParams greedy_params;  // its temperature is taken as 0
  SamplingParams drawn_params;
  std::vector<int64_t> k;
  int64_t majority = 64;  // 0: off
};

// What an earlier, interrupted evaluation has recorded.
struct RecordedEvaluation {
  struct Judged {
    std::string problem;
    JudgedSample judged;  // judged.sample is kGreedySample for the greedy completion
  };
  std::vector<Judged> judged;
  std::vector<Sample> unjudged;  // drawn, and to be judged
};

// Make durable what comes in (a journal line each). Calls of one never overlap; the two may.
struct EvalSinks {
  std::function<absl::Status(const Sample& sample)> drawn;
  std::function<absl::Status(const Sample& sample, const Verdict& verdict)> judged;
};

// Draws and judges what `recorded` does not hold yet, and returns the metrics over everything.
// Samples are judged on threads of their own while others are drawn. A greedy completion is
// recorded with sample index kGreedySample. InvalidInput where a recorded problem is not in the
// set; the engine's and the sinks' errors are passed on.
absl::StatusOr<SetResult> EvaluateSet(SamplingEngine& engine,
                                      std::span<const EvalProblem> problems,
                                      const EvalPlan& plan,
                                      RecordedEvaluation recorded,
                                      const Verifier& verifier,
                                      const ScoringOptions& scoring,
                                      const EvalSinks& sinks);

}  // namespace restem
