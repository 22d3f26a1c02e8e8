// The M-step of one arm: from dataset.jsonl to an HF checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/host.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/records.h"
#include "loop/estimate.h"
#include "loop/solutions.h"
#include "loop/stages.h"
#include "loop/validation.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "trainer/train.h"

namespace restem {
namespace {

// Supervised fine-tuning: the dataset is made of human solutions, not of samples.
absl::Status WriteSolutions(const Run& run, int64_t iteration) {
  RESTEM_ASSIGN_OR_RETURN(const auto examples,
                          SolutionExamples(run.inputs, run.inputs.train, kSftNeeds));
  return WriteExamples(run.paths.dataset(iteration, Arm::kRestEm), examples);
}

// The leader's call to train with it.
struct TrainCall {
  int64_t iteration = 0;
  Arm arm = Arm::kRestEm;
  int64_t attempt = 1;
  std::vector<std::string> processes;
};

std::string FormatTrainCall(const TrainCall& call) {
  return fmt::format("{}{} {} {} {}",
                     kTrainCall,
                     call.iteration,
                     ToString(call.arm),
                     call.attempt,
                     fmt::join(call.processes, ","));
}

absl::StatusOr<TrainCall> ParseTrainCall(std::string_view text) {
  const std::vector<std::string> words =
      absl::StrSplit(ToAbsl(text.substr(kTrainCall.size())), ' ');
  TrainCall call;
  bool valid = words.size() == 4 && absl::SimpleAtoi(words[0], &call.iteration) &&
               absl::SimpleAtoi(words[2], &call.attempt);
  if (valid) {
    call.arm = words[1] == ToString(Arm::kControl) ? Arm::kControl : Arm::kRestEm;
    call.processes = absl::StrSplit(words[3], ',');
  }
  if (!valid) return Failed(fmt::format("rank 0 says what is not understood: {}", text));
  return call;
}

// What the M-step starts from: the base (or fresh weights), or the last checkpoint with em.init:
// previous.
absl::StatusOr<Model> StartModel(const Run& run, int64_t iteration, Arm arm) {
  const Job& job = run.inputs.job;
  const bool previous = job.em.init == "previous" && iteration > 1;
  // An adapter's base stays as it is: it has the compute dtype at once. Of all else the trainer
  // makes copies.
  const auto load = [&](const std::string& dir) {
    return job.lora ? LoadModel(dir, run.inputs.bfloat16()) : LoadStoredModel(dir);
  };
  if (previous) return load(ModelDir(run, iteration - 1, arm));
  const auto seed = static_cast<uint64_t>(job.seed);
  if (job.model.from_scratch) return InitializeModel(job.model.base, seed);
  RESTEM_ASSIGN_OR_RETURN(Model model, load(job.model.base));
  if (!job.lora || !model.weights.adapter.empty()) return model;
  RESTEM_ASSIGN_OR_RETURN(
      model.weights.adapter,
      NewAdapter(model.config, *job.lora, seed, static_cast<uint64_t>(iteration)));
  AttachAdapter(model.config, model.weights);
  return model;
}

// What a training is called, and so is the group that does it: "train 02 control".
std::string NameOf(int64_t iteration, Arm arm) {
  return fmt::format("train {:02}{}", iteration, arm == Arm::kControl ? " control" : "");
}

TrainSetup MakeSetup(Run& run,
                     int64_t iteration,
                     Arm arm,
                     Model start,
                     std::span<const TrainingExample> examples,
                     std::shared_ptr<Group> group) {
  const JobInputs& inputs = run.inputs;
  TrainSetup setup;
  setup.start = std::move(start);
  setup.examples = examples;
  setup.group = std::move(group);
  setup.options = inputs.job.train;
  setup.bfloat16 = inputs.bfloat16();
  setup.seed = static_cast<uint64_t>(inputs.job.seed);
  setup.iteration = static_cast<uint64_t>(iteration);
  if (inputs.on_gpu()) setup.device = at::Device(at::kCUDA, 0);
  setup.lanes = inputs.lanes;
  setup.node = HostName();
  setup.deterministic = inputs.job.deterministic;
  setup.state_dir = run.paths.trainer(iteration, arm);
  setup.label = NameOf(iteration, arm);
  setup.on_step = [&run, iteration, arm](const TrainStepEvent& event) {
    return run.metrics->record("train_step",
                               iteration,
                               event.step,
                               {{"arm", ToString(arm)},
                                {"loss", event.loss},
                                {"entropy", event.entropy},
                                {"learning_rate", event.learning_rate},
                                {"grad_norm", event.grad_norm},
                                {"tokens", event.tokens}});
  };
  setup.validate = MakeValidation(run, iteration, arm);
  return setup;
}

absl::Status RecordTotals(Run& run, int64_t iteration, Arm arm, const TrainResult& result) {
  const JobInputs& inputs = run.inputs;
  const auto estimated = static_cast<int64_t>(TrainingBytes(inputs, inputs.lanes));
  const bool on_gpu = inputs.on_gpu();
  return run.metrics->record(
      "train",
      iteration,
      /*step=*/-1,
      {{"arm", ToString(arm)},
       {"peak_gpu_bytes", result.peak_gpu_bytes},
       {"estimated_gpu_bytes",  // without activations
        on_gpu ? static_cast<int64_t>(GpuTrainingBytes(inputs)) : int64_t{0}},
       {"steps", result.steps},
       {"best_step", result.best_step},
       {"loss", result.last_loss},
       {"tokens", result.tokens},
       {"seconds", result.seconds},
       {"peak_rss_bytes", PeakRssBytes()},  // of this process, sampling and mapped files included
       {"estimated_bytes", estimated},      // of training alone, without activations
       {"tokens_per_second",
        result.seconds > 0.0 ? static_cast<double>(result.tokens) / result.seconds : 0.0}});
}

std::string GroupName(const TrainCall& call) {
  const std::string name = NameOf(call.iteration, call.arm);
  return call.attempt == 1 ? name : fmt::format("{}, attempt {}", name, call.attempt);
}

// This rank's part in it. The model that it returns has no weights; its adapter has start values.
struct Trained {
  Model model;
  TrainResult result;
};
absl::StatusOr<Trained> TrainInGroup(Run& run,
                                     int64_t iteration,
                                     Arm arm,
                                     std::shared_ptr<Group> group) {
  RESTEM_ASSIGN_OR_RETURN(const auto examples, ReadExamples(run.paths.dataset(iteration, arm)));
  RESTEM_ASSIGN_OR_RETURN(Model start, StartModel(run, iteration, arm));
  Trained trained;
  trained.model = {start.config, {}, start.ropes, start.dir};
  trained.model.weights.adapter = start.weights.adapter;
  RESTEM_ASSIGN_OR_RETURN(
      trained.result,
      Train(MakeSetup(run, iteration, arm, std::move(start), examples, std::move(group))));
  return trained;
}

// Those that are there, as many as share out evenly what train.tensor_parallel_size cuts.
absl::StatusOr<std::vector<std::string>> ProcessesToTrain(const Run& run) {
  RESTEM_ASSIGN_OR_RETURN(std::vector<std::string> present, run.team->present());
  const auto parts = static_cast<size_t>(run.inputs.job.train.tensor_parallel_size);
  if (present.size() < parts) {
    return Failed(fmt::format("train.tensor_parallel_size: {} processes are wanted, {} are there",
                              parts,
                              present.size()));
  }
  present.resize(present.size() / parts * parts);
  return present;
}

// All ranks that are there train together; where one is lost on the way, the others go on from the
// last checkpoint.
absl::StatusOr<Trained> TrainTogether(Run& run, int64_t iteration, Arm arm) {
  std::vector<std::string> before;
  for (int64_t attempt = 1;; ++attempt) {
    RESTEM_ASSIGN_OR_RETURN(const std::vector<std::string> present, ProcessesToTrain(run));
    if (present.size() == 1) return TrainInGroup(run, iteration, arm, /*group=*/nullptr);
    const TrainCall call = {iteration, arm, attempt, present};
    RESTEM_RETURN_IF_ERROR(run.team->call(FormatTrainCall(call)));
    auto group = run.team->form(GroupName(call), present);
    absl::StatusOr<Trained> trained =
        group.ok() ? TrainInGroup(run, iteration, arm, *std::move(group)) : group.status();
    if (!absl::IsUnavailable(trained.status())) return trained;
    // Ranks that are there, and do not do their part twice, would not do it another time either.
    RESTEM_ASSIGN_OR_RETURN(const std::vector<std::string> left, ProcessesToTrain(run));
    if (present == before && left == present) return trained;
    spdlog::warn("{}; going on with the ranks that are left", MessageOf(trained.status()));
    before = present;
  }
}

absl::Status TrainAndSave(Run& run, int64_t iteration, Arm arm, const std::string& checkpoint) {
  if (run.inputs.trains_on_solutions()) RESTEM_RETURN_IF_ERROR(WriteSolutions(run, iteration));
  RESTEM_ASSIGN_OR_RETURN(const Trained trained,
                          run.team ? TrainTogether(run, iteration, arm)
                                   : TrainInGroup(run, iteration, arm, /*group=*/nullptr));
  RESTEM_RETURN_IF_ERROR(RecordTotals(run, iteration, arm, trained.result));
  return SaveTrained(trained.model, trained.result.parameter, run.inputs.bfloat16(), checkpoint);
}

}  // namespace

absl::Status HelpTraining(Run& run, const std::string& call_text) {
  RESTEM_ASSIGN_OR_RETURN(const TrainCall call, ParseTrainCall(call_text));
  const auto& members = call.processes;
  if (std::ranges::find(members, run.team->process()) == members.end()) return absl::OkStatus();
  auto group = run.team->form(GroupName(call), members);
  if (!group.ok() && !absl::IsUnavailable(group.status())) return group.status();
  absl::Status status = group.status();
  if (group.ok()) status = TrainInGroup(run, call.iteration, call.arm, *group).status();
  if (status.ok() || absl::IsCancelled(status)) return status;
  // The leader knows what to do then, and calls. Where it has gone on without this rank, any
  // failure may come of that: files that are no longer there, say.
  if (!absl::IsUnavailable(status)) {
    RESTEM_ASSIGN_OR_RETURN(const bool leader_is_there, (*group)->is_there(0));
    if (leader_is_there) return status;
  }
  spdlog::warn("{}", MessageOf(status));
  return absl::OkStatus();
}

absl::Status RunTrainStage(Run& run, int64_t iteration, Arm arm) {
  const std::string checkpoint = run.paths.checkpoint(iteration, arm);
  // It may be there already: renamed into place by a process that ended before it said so.
  if (!FileExists(checkpoint)) {
    RESTEM_RETURN_IF_ERROR(TrainAndSave(run, iteration, arm, checkpoint));
  }
  // The optimizer's state is several times the model and has served its purpose.
  std::error_code ignored;
  std::filesystem::remove_all(run.paths.trainer(iteration, arm), ignored);
  return absl::OkStatus();
}

}  // namespace restem
