#include "loop/validation.h"

#include <unordered_map>

#include "base/log.h"
#include "loop/engine.h"
#include "loop/solutions.h"
#include "reward/error_rate.h"
#include "reward/pool.h"

namespace restem {
namespace {

// Share of validation problems whose greedy completion is correct.
absl::StatusOr<double> GreedyReward(const Run& run, const Model& model) {
  const JobInputs& inputs = run.inputs;
  const ProblemSet& set = inputs.validation;
  std::unordered_map<std::string, const Problem*> problems;
  std::vector<SampleRequest> requests;
  for (size_t i = 0; i < set.problems.size(); ++i) {
    problems[set.problems[i].id] = &set.problems[i];
    requests.push_back({set.problems[i].id, set.prompts[i], {0}});
  }
  ScoringPool pool(
      *inputs.verifier, inputs.scoring(), [](Verdict&&, double) { return absl::OkStatus(); });
  SamplingParams params;
  params.temperature = 0.0;
  params.max_new_tokens = inputs.job.evaluate.max_new_tokens;
  params.stop = inputs.job.evaluate.stop;
  RESTEM_ASSIGN_OR_RETURN(const auto engine, MakeEngine(inputs, model));
  const auto stats = engine->generate(requests, params, [&](Sample&& sample) {
    return pool.submit(*problems.at(sample.problem), sample);
  });
  RESTEM_RETURN_IF_ERROR(stats.status());
  RESTEM_RETURN_IF_ERROR(pool.close());
  RESTEM_RETURN_IF_ERROR(CheckErrorRate(pool.counts(), inputs.job.reward.max_error_rate));
  return static_cast<double>(pool.counts().correct) / static_cast<double>(set.problems.size());
}

}  // namespace

std::function<absl::StatusOr<double>(const Model&, int64_t step)> MakeValidation(Run& run,
                                                                                 int64_t iteration,
                                                                                 Arm arm) {
  const std::string& kind = run.inputs.job.train.early_stop;
  if (kind == "none") return nullptr;
  if (run.inputs.validation.problems.empty()) {
    spdlog::warn(
        "train.early_stop is {}, but data.validation is empty: training goes on to its last step",
        kind);
    return nullptr;
  }
  return [&run, iteration, arm, by_reward = kind == "reward"](
             const Model& model, int64_t step) -> absl::StatusOr<double> {
    absl::StatusOr<double> score =
        by_reward ? GreedyReward(run, model) : SolutionScore(run.inputs, model);
    RESTEM_RETURN_IF_ERROR(score.status());
    RESTEM_RETURN_IF_ERROR(
        run.metrics->record("validate",
                            iteration,
                            step,
                            {{"arm", ToString(arm)}, {by_reward ? "reward" : "logprob", *score}}));
    spdlog::info("step {}: validation {} {:.4f}", step, by_reward ? "reward" : "log-prob", *score);
    return score;
  };
}

}  // namespace restem
