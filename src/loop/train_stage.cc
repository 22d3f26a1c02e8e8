// The M-step of one arm: from dataset.jsonl to an HF checkpoint.
#include <fmt/format.h>

#include <filesystem>

#include "base/file.h"
#include "base/log.h"
#include "data/records.h"
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

// What the M-step starts from: the base (or fresh weights), or the last checkpoint with em.init:
// previous.
absl::StatusOr<Model> StartModel(const Run& run, int64_t iteration, Arm arm) {
  const Job& job = run.inputs.job;
  const bool previous = job.em.init == "previous" && iteration > 1;
  // An adapter's base stays as it is: it has the compute dtype at once.
  const bool bfloat16 = job.lora && run.inputs.bfloat16();
  if (previous) return LoadModel(ModelDir(run, iteration - 1, arm), bfloat16);
  const auto seed = static_cast<uint64_t>(job.seed);
  if (job.model.from_scratch) return InitializeModel(job.model.base, seed);
  RESTEM_ASSIGN_OR_RETURN(Model model, LoadModel(job.model.base, bfloat16));
  if (!job.lora || !model.weights.adapter.empty()) return model;
  RESTEM_ASSIGN_OR_RETURN(
      model.weights.adapter,
      NewAdapter(model.config, *job.lora, seed, static_cast<uint64_t>(iteration)));
  AttachAdapter(model.config, model.weights);
  return model;
}

TrainSetup MakeSetup(Run& run,
                     int64_t iteration,
                     Arm arm,
                     const Model& start,
                     std::span<const TrainingExample> examples) {
  const JobInputs& inputs = run.inputs;
  TrainSetup setup;
  setup.start = &start;
  setup.examples = examples;
  setup.options = inputs.job.train;
  setup.bfloat16 = inputs.bfloat16();
  setup.seed = static_cast<uint64_t>(inputs.job.seed);
  setup.iteration = static_cast<uint64_t>(iteration);
  setup.lanes = inputs.lanes;
  setup.deterministic = inputs.job.deterministic;
  setup.state_dir = run.paths.trainer(iteration, arm);
  setup.label = fmt::format("train {:02}{}", iteration, arm == Arm::kControl ? " control" : "");
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
  return run.metrics->record(
      "train",
      iteration,
      /*step=*/-1,
      {{"arm", ToString(arm)},
       {"steps", result.steps},
       {"best_step", result.best_step},
       {"loss", result.last_loss},
       {"tokens", result.tokens},
       {"seconds", result.seconds},
       {"tokens_per_second",
        result.seconds > 0.0 ? static_cast<double>(result.tokens) / result.seconds : 0.0}});
}

absl::Status TrainAndSave(Run& run, int64_t iteration, Arm arm, const std::string& checkpoint) {
  if (run.inputs.trains_on_solutions()) RESTEM_RETURN_IF_ERROR(WriteSolutions(run, iteration));
  RESTEM_ASSIGN_OR_RETURN(const auto examples, ReadExamples(run.paths.dataset(iteration, arm)));
  RESTEM_ASSIGN_OR_RETURN(Model model, StartModel(run, iteration, arm));
  RESTEM_ASSIGN_OR_RETURN(TrainResult result,
                          Train(MakeSetup(run, iteration, arm, model, examples)));
  RESTEM_RETURN_IF_ERROR(RecordTotals(run, iteration, arm, result));
  model.weights = std::move(result.weights);
  return SaveModel(model, run.inputs.bfloat16(), checkpoint);
}

}  // namespace

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
