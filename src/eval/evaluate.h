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

// A completion that an earlier, interrupted evaluation has recorded.
struct RecordedSample {
  std::string problem;
  JudgedSample judged;  // judged.sample is kGreedySample for the greedy completion
};

// Called for one sample at a time, on the engine's thread: a slow reward holds sampling up.
using JudgeFn = std::function<Verdict(const Problem& problem, const Sample& sample)>;
// Makes a judged sample durable (a journal line); called before it counts.
using RecordFn = std::function<absl::Status(const Sample& sample, const Verdict& verdict)>;

// Draws what `recorded` does not hold yet, and returns the metrics over everything. A greedy
// completion is judged and recorded with sample index kGreedySample. InvalidInput where a recorded
// problem is not in the set; the engine's and `record`'s errors are passed on.
absl::StatusOr<SetResult> EvaluateSet(SamplingEngine& engine,
                                      std::span<const EvalProblem> problems,
                                      const EvalPlan& plan,
                                      std::span<const RecordedSample> recorded,
                                      const JudgeFn& judge,
                                      const RecordFn& record);

}  // namespace restem
