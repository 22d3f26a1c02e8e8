// eval.json: what an evaluation found, per test set and per problem (CONTRACT: "Run directory").
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/types.h"

namespace restem {

// A judged completion, reduced to what metrics need.
struct JudgedSample {
  int64_t sample = 0;  // index within the problem
  VerdictKind verdict = VerdictKind::kWrong;
  std::string extracted;   // the answer read out of it; empty if there was none
  std::string solution;    // NormalizedSolution() of its text
  int64_t tokens = 0;      // length of the completion
  bool truncated = false;  // it ran into max_new_tokens
};
JudgedSample MakeJudgedSample(const Sample& sample, const Verdict& verdict);

// All that was drawn for one problem.
struct ProblemEvaluation {
  std::string id;
  std::optional<JudgedSample> greedy;
  std::vector<JudgedSample> drawn;  // any order
};

struct ProblemOutcome {
  std::string id;
  std::optional<VerdictKind> greedy;  // absent where greedy decoding was off
  int64_t samples = 0;                // drawn
  int64_t correct = 0;                // of the drawn
  int64_t errors = 0;  // of the drawn: the verifier failed; counted as not correct, never as wrong
  std::optional<VerdictKind> majority;  // absent where nothing was drawn

  bool greedy_correct() const { return greedy == VerdictKind::kCorrect; }
  double success_rate() const {
    return samples > 0 ? static_cast<double>(correct) / static_cast<double>(samples) : 0.0;
  }
};

// Of the drawn samples of a test set.
struct DrawnStats {
  double mean_tokens = 0.0;         // per sample
  double truncated_share = 0.0;     // of samples
  double error_share = 0.0;         // of samples
  double distinct_solutions = 0.0;  // per problem, mean: different texts
  double distinct_answers = 0.0;    // per problem, mean
  double answer_entropy =
      0.0;  // per problem, mean, bits; samples without an answer count as one answer
};

struct SetResult {
  int64_t problems = 0;
  std::optional<double> pass_at_1;       // greedy
  std::map<int64_t, double> pass_at_k;   // by k, unbiased, mean over problems
  std::map<int64_t, double> maj_at_k;    // by k
  std::optional<DrawnStats> drawn;       // absent where nothing was drawn
  std::optional<double> greedy_tokens;   // mean length of the greedy completions
  std::vector<ProblemOutcome> outcomes;  // in problem order
};

struct EvalRecord {
  std::map<std::string, SetResult> sets;  // by test set name
};

// Metrics of one test set. `k` lists the k of pass@k and maj@k (maj@k for 2 < k <= majority, and
// for `majority`, 0: off). InvalidInput where a problem has fewer drawn samples than a k asks for,
// or a sample twice.
absl::StatusOr<SetResult> BuildSetResult(std::span<const ProblemEvaluation> problems,
                                         std::span<const int64_t> k,
                                         int64_t majority);

// The whole of eval.json. Fields that CONTRACT does not name are additions of ours and may be
// missing when read.
nlohmann::ordered_json ToJson(const EvalRecord& record);
absl::StatusOr<EvalRecord> EvalRecordFromJson(const nlohmann::json& json);

absl::Status WriteEvalRecord(const std::string& path, const EvalRecord& record);
// Messages name the file, the set and the field.
absl::StatusOr<EvalRecord> ReadEvalRecord(const std::string& path);

}  // namespace restem
