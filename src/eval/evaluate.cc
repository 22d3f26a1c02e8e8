#include "eval/evaluate.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <unordered_map>

namespace restem {
namespace {

// What is known of each problem: from the journals first, from the engine and the reward then.
class Collector {
 public:
  explicit Collector(std::span<const EvalProblem> problems) : problems_(problems) {
    for (const EvalProblem& problem : problems) {
      index_.emplace(problem.problem->id, found_.size());
      found_.push_back({.id = problem.problem->id, .greedy = {}, .drawn = {}});
    }
    drawn_.resize(found_.size());
  }

  absl::StatusOr<const Problem*> problem(std::string_view id) const {
    RESTEM_ASSIGN_OR_RETURN(const size_t i, index(id));
    return problems_[i].problem;
  }

  // Need not be drawn any more.
  absl::Status add_drawn(std::string_view problem, int64_t sample) {
    RESTEM_ASSIGN_OR_RETURN(const size_t i, index(problem));
    drawn_[i].insert(sample);
    return absl::OkStatus();
  }

  absl::Status add_judged(std::string_view problem, JudgedSample judged) {
    RESTEM_ASSIGN_OR_RETURN(const size_t i, index(problem));
    if (judged.sample == kGreedySample) {
      found_[i].greedy = std::move(judged);
    } else {
      found_[i].drawn.push_back(std::move(judged));
    }
    return absl::OkStatus();
  }

  // Requests for those of the samples [first, first + count) that are not drawn yet.
  std::vector<SampleRequest> missing(int64_t first, int64_t count) const {
    std::vector<SampleRequest> requests;
    for (size_t i = 0; i < found_.size(); ++i) {
      SampleRequest request{found_[i].id, problems_[i].prompt_tokens, {}};
      for (int64_t sample = first; sample < first + count; ++sample) {
        if (!drawn_[i].contains(sample)) request.samples.push_back(sample);
      }
      if (!request.samples.empty()) requests.push_back(std::move(request));
    }
    return requests;
  }

  const std::vector<ProblemEvaluation>& found() const { return found_; }

 private:
  absl::StatusOr<size_t> index(std::string_view problem) const {
    const auto it = index_.find(problem);
    if (it != index_.end()) return it->second;
    return InvalidInput(
        fmt::format("a recorded sample is of problem {}, which is not in the test set", problem));
  }

  std::span<const EvalProblem> problems_;
  std::unordered_map<std::string_view, size_t> index_;
  std::vector<ProblemEvaluation> found_;
  std::vector<std::set<int64_t>> drawn_;  // [problem]
};

// Samples on their way through the pool, which hands back verdicts alone.
class Judging {
 public:
  Judging(Collector& collector,
          const Verifier& verifier,
          const ScoringOptions& scoring,
          const EvalSinks& sinks)
      : collector_(collector),
        sinks_(sinks),
        pool_(verifier, scoring, [this](Verdict&& verdict, double /*seconds*/) {
          return take(verdict);
        }) {}

  absl::Status submit(Sample&& sample) {
    RESTEM_ASSIGN_OR_RETURN(const Problem* problem, collector_.problem(sample.problem));
    const int64_t index = sample.sample;
    std::string text = sample.text;
    {
      const std::lock_guard lock(mutex_);
      waiting_.insert_or_assign({sample.problem, index}, std::move(sample));
    }
    return pool_.submit(*problem, index, std::move(text));
  }

  absl::Status close() { return pool_.close(); }

 private:
  absl::Status take(const Verdict& verdict) {
    std::unique_lock lock(mutex_);
    const auto entry = waiting_.extract({verdict.problem, verdict.sample});
    lock.unlock();
    const Sample& sample = entry.mapped();
    RESTEM_RETURN_IF_ERROR(sinks_.judged(sample, verdict));
    return collector_.add_judged(sample.problem, MakeJudgedSample(sample, verdict));
  }

  Collector& collector_;  // add_judged() is called by the pool only, one at a time
  const EvalSinks& sinks_;
  std::mutex mutex_;
  std::map<std::pair<std::string, int64_t>, Sample> waiting_;
  ScoringPool pool_;  // last: calls take() until it is gone
};

absl::Status AddRecorded(const RecordedEvaluation& recorded, Collector& collector) {
  for (const auto& [problem, judged] : recorded.judged) {
    RESTEM_RETURN_IF_ERROR(collector.add_drawn(problem, judged.sample));
    RESTEM_RETURN_IF_ERROR(collector.add_judged(problem, judged));
  }
  for (const Sample& sample : recorded.unjudged)
    RESTEM_RETURN_IF_ERROR(collector.add_drawn(sample.problem, sample.sample));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SetResult> EvaluateSet(SamplingEngine& engine,
                                      std::span<const EvalProblem> problems,
                                      const EvalPlan& plan,
                                      RecordedEvaluation recorded,
                                      const Verifier& verifier,
                                      const ScoringOptions& scoring,
                                      const EvalSinks& sinks) {
  Collector collector(problems);
  RESTEM_RETURN_IF_ERROR(AddRecorded(recorded, collector));
  const auto greedy = collector.missing(kGreedySample, plan.greedy ? 1 : 0);
  const auto drawn = collector.missing(kFirstDrawnSample, plan.samples);
  Judging judging(collector, verifier, scoring, sinks);
  for (Sample& sample : recorded.unjudged)
    RESTEM_RETURN_IF_ERROR(judging.submit(std::move(sample)));
  const auto draw = [&](const std::vector<SampleRequest>& requests, const SamplingParams& params) {
    if (requests.empty()) return absl::OkStatus();
    const auto take = [&](Sample&& sample) -> absl::Status {
      RESTEM_RETURN_IF_ERROR(sinks.drawn(sample));
      return judging.submit(std::move(sample));
    };
    return engine.generate(requests, params, take).status();
  };
  SamplingParams greedy_params = plan.greedy_params;
  greedy_params.temperature = 0.0;
  RESTEM_RETURN_IF_ERROR(draw(greedy, greedy_params));
  RESTEM_RETURN_IF_ERROR(draw(drawn, plan.drawn_params));
  RESTEM_RETURN_IF_ERROR(judging.close());
  if (plan.samples == 0) return BuildSetResult(collector.found(), {}, /*majority=*/0);
  return BuildSetResult(collector.found(), plan.k, plan.majority);
}

}  // namespace restem
