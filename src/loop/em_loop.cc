#include "loop/em_loop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/shutdown.h"
#include "loop/stages.h"

namespace restem {
namespace {

absl::Status Dispatch(Run& run, int64_t iteration, Stage stage) {
  switch (stage) {
    case Stage::kSample:
      return RunSampleStage(run, iteration);
    case Stage::kScore:
      return RunScoreStage(run, iteration);
    case Stage::kSelect:
      return RunSelectStage(run, iteration);
    case Stage::kTrain:
      return RunTrainStage(run, iteration, Arm::kRestEm);
    case Stage::kEvaluate:
      return RunEvaluateStage(run, iteration, Arm::kRestEm);
    case Stage::kControl:
      RESTEM_RETURN_IF_ERROR(RunTrainStage(run, iteration, Arm::kControl));
      return RunEvaluateStage(run, iteration, Arm::kControl);
  }
  return absl::OkStatus();
}

// The stage whose files `stage` of iteration `n` reads first of all; nullopt if it reads inputs
// only.
std::optional<std::pair<int64_t, Stage>> Prerequisite(const JobInputs& inputs,
                                                      int64_t n,
                                                      Stage stage) {
  const std::vector<Stage> stages = StagesOf(inputs, n);
  if (n == 0 || stages.empty()) return std::nullopt;
  if (stage == stages.front()) {
    if (n == 1) return std::nullopt;
    return std::pair(n - 1, Stage::kTrain);
  }
  if (stage == Stage::kControl || stage == Stage::kEvaluate) return std::pair(n, Stage::kTrain);
  for (size_t i = 1; i < stages.size(); ++i) {
    if (stages[i] == stage) return std::pair(n, stages[i - 1]);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Stage> StagesOf(const JobInputs& inputs, int64_t n) {
  const bool tests = !inputs.tests.empty();
  if (n == 0) {
    // Random weights solve nothing: a model that starts from scratch is measured once it is
    // trained.
    return tests && !inputs.job.model.from_scratch ? std::vector{Stage::kEvaluate}
                                                   : std::vector<Stage>{};
  }
  std::vector<Stage> stages;
  if (inputs.train.problems.empty()) return stages;  // the base is measured, and that is all
  if (!inputs.trains_on_solutions()) stages = {Stage::kSample, Stage::kScore, Stage::kSelect};
  stages.push_back(Stage::kTrain);
  if (tests) stages.push_back(Stage::kEvaluate);
  if (inputs.job.control == "random" && !inputs.trains_on_solutions())
    stages.push_back(Stage::kControl);
  return stages;
}

absl::Status CheckHasStage(const JobInputs& inputs, int64_t iteration, Stage stage) {
  const std::vector<Stage> stages = StagesOf(inputs, iteration);
  if (std::ranges::find(stages, stage) != stages.end()) return absl::OkStatus();
  std::vector<std::string_view> names;
  names.reserve(stages.size());
  for (const Stage each : stages) names.push_back(ToString(each));
  return InvalidInput(
      fmt::format("iteration {} of this job has no `{}`; its stages: {}",
                  iteration,
                  ToString(stage),
                  names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

absl::Status RunStage(Run& run, int64_t iteration, Stage stage) {
  RESTEM_RETURN_IF_ERROR(CheckHasStage(run.inputs, iteration, stage));
  if (run.state.is_complete(iteration, stage)) return absl::OkStatus();
  if (const auto before = Prerequisite(run.inputs, iteration, stage);
      before && !run.state.is_complete(before->first, before->second)) {
    return InvalidInput(
        fmt::format("{}: `{}` of iteration {} needs `{}` of iteration {}, which is not complete; "
                    "run that first",
                    run.paths.root(),
                    ToString(stage),
                    iteration,
                    ToString(before->second),
                    before->first));
  }
  RESTEM_RETURN_IF_ERROR(CheckStop());
  RESTEM_RETURN_IF_ERROR(run.state.begin(iteration, stage));
  RESTEM_RETURN_IF_ERROR(MakeDirs(run.paths.iteration(iteration)));
  RESTEM_RETURN_IF_ERROR(Dispatch(run, iteration, stage));
  return run.state.complete(iteration, stage);
}

absl::Status RunLoop(Run& run, const std::function<absl::Status(const Run&)>& after_iteration) {
  for (int64_t n = 0; n <= run.inputs.job.em.iterations; ++n) {
    for (const Stage stage : StagesOf(run.inputs, n)) {
      RESTEM_RETURN_IF_ERROR(RunStage(run, n, stage));
    }
    RESTEM_RETURN_IF_ERROR(after_iteration(run));
  }
  return run.state.finish();
}

namespace {

// What the leader calls, beside stages with their iteration: "sample 3".
constexpr std::string_view kDone = "done";
constexpr std::string_view kStopped = "stopped";
constexpr std::string_view kFailed = "failed";

}  // namespace

absl::Status SayEnd(Run& run, const absl::Status& outcome) {
  if (!run.team) return outcome;
  const std::string_view word = outcome.ok()                 ? kDone
                                : absl::IsCancelled(outcome) ? kStopped
                                                             : kFailed;
  const absl::Status said = run.team->call(std::string(word));
  if (!outcome.ok()) {
    // Whoever started this process may not wait long.
    if (said.ok()) run.team->leave(std::chrono::seconds(3)).IgnoreError();
    return outcome;
  }
  RESTEM_RETURN_IF_ERROR(said);
  return run.team->leave();
}

absl::Status FollowLoop(Run& run) {
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(const std::string call, run.team->next_call());
    if (call == kDone || call == kStopped || call == kFailed) {
      if (call == kStopped) return Stopped("rank 0 was stopped by a signal");
      return call == kDone ? absl::OkStatus() : Failed("rank 0 failed; its message says why");
    }
    constexpr std::string_view kSample = "sample ";
    if (call.starts_with(kSample))
      RESTEM_RETURN_IF_ERROR(HelpSampling(run, std::stoll(call.substr(kSample.size()))));
    if (call.starts_with(kTrainCall)) RESTEM_RETURN_IF_ERROR(HelpTraining(run, call));
    if (call.starts_with(kEvaluateCall)) RESTEM_RETURN_IF_ERROR(HelpEvaluating(run, call));
  }
}

std::string ModelDir(const Run& run, int64_t n, Arm arm) {
  return n == 0 ? run.inputs.job.model.base : run.paths.checkpoint(n, arm);
}

}  // namespace restem
