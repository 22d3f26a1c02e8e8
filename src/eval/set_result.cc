// From judged samples to metrics. Reading and writing is in eval_record.cc.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "eval/diversity.h"
#include "eval/eval_record.h"
#include "eval/metrics.h"

namespace restem {
namespace {

// Ks of pass@k with 1 first, sorted, and those of maj@k.
struct Ks {
  std::set<int64_t> pass;
  std::set<int64_t> majority;
};

absl::StatusOr<Ks> CheckedKs(std::span<const int64_t> k, int64_t majority) {
  Ks ks;
  for (const int64_t value : k) {
    if (value < 1) return InvalidInput(fmt::format("pass@{}: k is at least 1", value));
    ks.pass.insert(value);
    if (value > 2 && value <= majority) ks.majority.insert(value);
  }
  if (majority > 0) ks.majority.insert(majority);
  return ks;
}

absl::Status CheckDrawn(const ProblemEvaluation& problem, const Ks& ks) {
  std::set<int64_t> seen;
  for (const JudgedSample& sample : problem.drawn) {
    if (!seen.insert(sample.sample).second) {
      return InvalidInput(
          fmt::format("problem {}: sample {} is there twice", problem.id, sample.sample));
    }
  }
  const auto drawn = static_cast<int64_t>(problem.drawn.size());
  const int64_t pass_needs = ks.pass.empty() ? 0 : *ks.pass.rbegin();
  const int64_t majority_needs = ks.majority.empty() ? 0 : *ks.majority.rbegin();
  if (std::max(pass_needs, majority_needs) > drawn) {
    return InvalidInput(fmt::format(
        "problem {} has {} drawn samples, but {}@{} needs {}: evaluate.samples must be at "
        "least the largest of evaluate.k and evaluate.majority",
        problem.id,
        drawn,
        pass_needs > drawn ? "pass" : "maj",
        pass_needs > drawn ? pass_needs : majority_needs,
        pass_needs > drawn ? pass_needs : majority_needs));
  }
  return absl::OkStatus();
}

// Sums over problems and samples, divided at the end.
struct Totals {
  int64_t samples = 0;
  int64_t tokens = 0;
  int64_t truncated = 0;
  int64_t errors = 0;
  int64_t distinct_solutions = 0;
  int64_t distinct_answers = 0;
  double entropy = 0.0;
  int64_t greedy = 0;
  int64_t greedy_correct = 0;
  int64_t greedy_tokens = 0;
};

void AddDiversity(const std::vector<JudgedSample>& drawn, Totals& totals) {
  std::vector<std::string> answers;
  std::vector<std::string> solutions;
  for (const JudgedSample& sample : drawn) {
    totals.tokens += sample.tokens;
    totals.truncated += sample.truncated ? 1 : 0;
    totals.errors += sample.verdict == VerdictKind::kError ? 1 : 0;
    answers.push_back(sample.extracted);
    solutions.push_back(sample.solution);
  }
  totals.samples += static_cast<int64_t>(drawn.size());
  totals.distinct_solutions += CountDistinct(solutions);
  totals.distinct_answers += CountDistinct(answers);
  totals.entropy += EntropyBits(answers);
}

ProblemOutcome OutcomeOf(const ProblemEvaluation& problem) {
  ProblemOutcome outcome;
  outcome.id = problem.id;
  if (problem.greedy) outcome.greedy = problem.greedy->verdict;
  outcome.samples = static_cast<int64_t>(problem.drawn.size());
  for (const JudgedSample& sample : problem.drawn) {
    outcome.correct += sample.verdict == VerdictKind::kCorrect ? 1 : 0;
    outcome.errors += sample.verdict == VerdictKind::kError ? 1 : 0;
  }
  return outcome;
}

// Adds one problem to `result`, whose pass@k and maj@k are sums until Finish().
void AddProblem(ProblemEvaluation problem, const Ks& ks, SetResult& result, Totals& totals) {
  std::sort(problem.drawn.begin(), problem.drawn.end(), [](const auto& a, const auto& b) {
    return a.sample < b.sample;
  });
  ProblemOutcome outcome = OutcomeOf(problem);
  if (problem.greedy) {
    ++totals.greedy;
    totals.greedy_correct += outcome.greedy_correct() ? 1 : 0;
    totals.greedy_tokens += problem.greedy->tokens;
  }
  AddDiversity(problem.drawn, totals);
  for (const int64_t k : ks.pass)
    result.pass_at_k[k] += PassAtK(outcome.samples, outcome.correct, k);
  std::vector<Ballot> ballots;
  for (const JudgedSample& sample : problem.drawn)
    ballots.push_back({sample.extracted, sample.verdict});
  for (const int64_t k : ks.majority) {
    const Majority majority = MajorityVote(ballots, k);
    result.maj_at_k[k] += majority.verdict == VerdictKind::kCorrect ? 1.0 : 0.0;
    outcome.majority = majority.verdict;  // the largest k comes last
  }
  result.outcomes.push_back(std::move(outcome));
}

void Finish(const Totals& totals, SetResult& result) {
  const auto problems = static_cast<double>(result.problems);
  for (auto& [k, value] : result.pass_at_k) value /= problems;
  for (auto& [k, value] : result.maj_at_k) value /= problems;
  if (totals.greedy > 0) {
    result.pass_at_1 = static_cast<double>(totals.greedy_correct) / problems;
    result.greedy_tokens =
        static_cast<double>(totals.greedy_tokens) / static_cast<double>(totals.greedy);
  }
  if (totals.samples == 0) return;
  const auto samples = static_cast<double>(totals.samples);
  result.drawn =
      DrawnStats{.mean_tokens = static_cast<double>(totals.tokens) / samples,
                 .truncated_share = static_cast<double>(totals.truncated) / samples,
                 .error_share = static_cast<double>(totals.errors) / samples,
                 .distinct_solutions = static_cast<double>(totals.distinct_solutions) / problems,
                 .distinct_answers = static_cast<double>(totals.distinct_answers) / problems,
                 .answer_entropy = totals.entropy / problems};
}

}  // namespace

JudgedSample MakeJudgedSample(const Sample& sample, const Verdict& verdict) {
  return {.sample = sample.sample,
          .verdict = verdict.verdict,
          .extracted = verdict.extracted,
          .solution = NormalizedSolution(sample.text),
          .tokens = static_cast<int64_t>(sample.tokens.size()),
          .truncated = sample.finish_reason == FinishReason::kLength};
}

absl::StatusOr<SetResult> BuildSetResult(std::span<const ProblemEvaluation> problems,
                                         std::span<const int64_t> k,
                                         int64_t majority) {
  if (problems.empty()) return InvalidInput("a test set needs at least one problem");
  RESTEM_ASSIGN_OR_RETURN(Ks ks, CheckedKs(k, majority));
  const bool nothing_drawn =
      std::all_of(problems.begin(), problems.end(), [](const auto& p) { return p.drawn.empty(); });
  if (nothing_drawn) ks = {};
  SetResult result;
  result.problems = static_cast<int64_t>(problems.size());
  Totals totals;
  for (const ProblemEvaluation& problem : problems) {
    RESTEM_RETURN_IF_ERROR(CheckDrawn(problem, ks));
    if (problem.greedy.has_value() != problems.front().greedy.has_value()) {
      return InvalidInput(fmt::format("problem {} {} a greedy completion, unlike {}",
                                      problem.id,
                                      problem.greedy ? "has" : "lacks",
                                      problems.front().id));
    }
    AddProblem(problem, ks, result, totals);
  }
  Finish(totals, result);
  return result;
}

}  // namespace restem
