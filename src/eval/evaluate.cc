#include "eval/evaluate.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace restem {
namespace {

// What is known of each problem, filled from the journal first and from the engine then.
class Collector {
 public:
  explicit Collector(std::span<const EvalProblem> problems) : problems_(problems) {
    for (const EvalProblem& problem : problems) {
      index_.emplace(problem.problem->id, found_.size());
      found_.push_back({.id = problem.problem->id, .greedy = {}, .drawn = {}});
    }
  }

  absl::Status add(const std::string& problem, JudgedSample judged) {
    const auto it = index_.find(problem);
    if (it == index_.end()) {
      return InvalidInput(
          fmt::format("a recorded sample is of problem {}, which is not in the test set", problem));
    }
    ProblemEvaluation& found = found_[it->second];
    if (judged.sample == kGreedySample) {
      found.greedy = std::move(judged);
    } else {
      found.drawn.push_back(std::move(judged));
    }
    return absl::OkStatus();
  }

  const Problem& problem(std::string_view id) const { return *problems_[index_.at(id)].problem; }

  std::vector<SampleRequest> missing_greedy() const {
    std::vector<SampleRequest> requests;
    for (size_t i = 0; i < found_.size(); ++i) {
      if (!found_[i].greedy)
        requests.push_back({found_[i].id, problems_[i].prompt_tokens, {kGreedySample}});
    }
    return requests;
  }

  std::vector<SampleRequest> missing_drawn(int64_t samples) const {
    std::vector<SampleRequest> requests;
    for (size_t i = 0; i < found_.size(); ++i) {
      std::unordered_set<int64_t> have;
      for (const JudgedSample& judged : found_[i].drawn) have.insert(judged.sample);
      SampleRequest request{found_[i].id, problems_[i].prompt_tokens, {}};
      for (int64_t s = kFirstDrawnSample; s < kFirstDrawnSample + samples; ++s) {
        if (!have.contains(s)) request.samples.push_back(s);
      }
      if (!request.samples.empty()) requests.push_back(std::move(request));
    }
    return requests;
  }

  const std::vector<ProblemEvaluation>& found() const { return found_; }

 private:
  std::span<const EvalProblem> problems_;
  std::unordered_map<std::string_view, size_t> index_;
  std::vector<ProblemEvaluation> found_;
};

}  // namespace

absl::StatusOr<SetResult> EvaluateSet(SamplingEngine& engine,
                                      std::span<const EvalProblem> problems,
                                      const EvalPlan& plan,
                                      std::span<const RecordedSample> recorded,
                                      const JudgeFn& judge,
                                      const RecordFn& record) {
  Collector collector(problems);
  for (const RecordedSample& sample : recorded) {
    RESTEM_RETURN_IF_ERROR(collector.add(sample.problem, sample.judged));
  }
  const auto draw = [&](const std::vector<SampleRequest>& requests, const SamplingParams& params) {
    if (requests.empty()) return absl::OkStatus();
    return engine
        .generate(requests,
                  params,
                  [&](Sample&& sample) -> absl::Status {
                    const Verdict verdict = judge(collector.problem(sample.problem), sample);
                    RESTEM_RETURN_IF_ERROR(record(sample, verdict));
                    return collector.add(sample.problem, MakeJudgedSample(sample, verdict));
                  })
        .status();
  };
  if (plan.greedy) {
    SamplingParams params = plan.greedy_params;
    params.temperature = 0.0;
    RESTEM_RETURN_IF_ERROR(draw(collector.missing_greedy(), params));
  }
  RESTEM_RETURN_IF_ERROR(draw(collector.missing_drawn(plan.samples), plan.drawn_params));
  if (plan.samples == 0) return BuildSetResult(collector.found(), {}, /*majority=*/0);
  return BuildSetResult(collector.found(), plan.k, plan.majority);
}

}  // namespace restem
