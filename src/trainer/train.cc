#include "trainer/train.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/progress.h"
#include "base/shutdown.h"
#include "data/packing.h"
#include "ops/device.h"
#include "trainer/flat_tensors.h"
#include "trainer/make_model.h"
#include "trainer/optimizer.h"
#include "trainer/plan.h"
#include "trainer/schedule.h"
#include "trainer/step_sums.h"
#include "trainer/trainer_checkpoint.h"

namespace restem {
namespace {

using Clock = std::chrono::steady_clock;

// A loss or gradient that is not finite: names the examples of its step.
absl::Status CheckFinite(const StepSums& sums,
                         const TrainSetup& setup,
                         const std::vector<size_t>& examples,
                         int64_t step) {
  if (std::isfinite(sums.loss.loss) && std::isfinite(sums.grad_norm)) return absl::OkStatus();
  std::string names;
  for (size_t i = 0; i < examples.size() && i < 8; ++i) {
    const TrainingExample& example = setup.examples[examples[i]];
    names += fmt::format("{}{}#{}", i == 0 ? "" : ", ", example.problem, example.sample);
  }
  if (examples.size() > 8) names += fmt::format(" and {} more", examples.size() - 8);
  return Failed(fmt::format(
      "training step {} over samples {}; a lower train.learning_rate may help: {} is {}",
      step + 1,
      names,
      std::isfinite(sums.loss.loss) ? "the gradient's norm" : "the loss",
      std::isfinite(sums.loss.loss) ? sums.grad_norm : sums.loss.loss));
}

// One run of training: state, what is derived from it, and the moves that change it.
class Trainer {
 public:
  explicit Trainer(const TrainSetup& setup, std::unique_ptr<TrainedModel> model)
      : setup_(setup),
        plan_(PlanSteps(setup.examples, setup.options, setup.seed, setup.iteration)),
        model_(std::move(model)),
        optimizer_(model_->slices(), setup.options, OptimizerLanes(setup)) {}

  absl::StatusOr<TrainResult> run() {
    RESTEM_ASSIGN_OR_RETURN(checkpoints_, TrainerCheckpoints::open(setup_.state_dir, setup_.group));
    RESTEM_RETURN_IF_ERROR(resume());
    Progress progress(setup_.label, total_steps(), "tokens", Progress::default_quiet() || !leads());
    progress.start_at(at_.step);
    absl::Status status = validate_if_due();  // one that was stopped in the middle
    while (status.ok() && at_.step < total_steps() && !at_.stopped_early) {
      if (setup_.group == nullptr) status.Update(CheckStop());
      if (status.ok()) status = train_step(progress);
      if (status.ok()) status = validate_if_due();
      if (status.ok() && save_due()) status = save();
    }
    if (status.ok() || absl::IsCancelled(status)) {
      RESTEM_RETURN_IF_ERROR(save());
      RESTEM_RETURN_IF_ERROR(checkpoints_->finish());
    }
    RESTEM_RETURN_IF_ERROR(status);
    return result();
  }

 private:
  bool leads() const { return setup_.group == nullptr || setup_.group->leads(); }
  int64_t micro_batch_tokens() const {
    const int64_t ranks = setup_.group == nullptr ? 1 : setup_.group->size();
    const int64_t at_once = LanesOf(setup_) * ranks / setup_.options.tensor_parallel_size;
    return MicroBatchTokens(setup_.options, at_once, setup_.device);
  }
  int64_t total_steps() const { return static_cast<int64_t>(plan_.steps.size()); }

  // What a checkpoint holds of each slice.
  std::vector<SavedKind> kinds() {
    std::vector<at::Tensor> master;
    for (const TrainedSlice& slice : model_->slices()) master.push_back(slice.values);
    std::vector<SavedKind> kinds = {{kMaster, std::move(master)},
                                    {"first_moment", optimizer_.first_moments()},
                                    {"second_moment", optimizer_.second_moments()}};
    if (at_.has_best) kinds.push_back({kBest, best_});
    return kinds;
  }

  absl::Status resume() {
    RESTEM_ASSIGN_OR_RETURN(const auto saved, checkpoints_->newest());
    if (saved == nullptr) return absl::OkStatus();
    at_ = saved->counters();
    if (at_.has_best) remember_best();  // a place to read it into
    const std::vector<TrainedSlice>& slices = model_->slices();
    for (const SavedKind& kind : kinds()) {
      for (size_t i = 0; i < slices.size(); ++i)
        RESTEM_RETURN_IF_ERROR(saved->read(kind.name, slices[i].run, kind.values[i]));
    }
    optimizer_.set_steps(at_.step);
    model_->refresh();
    if (leads()) spdlog::info("{}: continuing at step {}", setup_.label, at_.step);
    return absl::OkStatus();
  }

  absl::Status train_step(Progress& progress) {
    const auto start = Clock::now();
    const auto& examples = plan_.steps[static_cast<size_t>(at_.step)];
    const double rate = LearningRate(setup_.options, at_.step, total_steps());
    RESTEM_ASSIGN_OR_RETURN(
        const StepLoss own,
        model_->compute(PackStep(setup_.examples, examples, micro_batch_tokens()), at_.step));
    RESTEM_ASSIGN_OR_RETURN(const StepSums step,
                            SumOverRanks({.loss = own, .stop = StopRequested()},
                                         model_->slices(),
                                         model_->gradients(),
                                         setup_.group.get()));
    RESTEM_RETURN_IF_ERROR(CheckFinite(step, setup_, examples, at_.step));
    optimizer_.step(model_->gradients(), step.grad_norm, rate);
    model_->refresh();
    ++at_.step;
    at_.last_loss = step.loss.loss;
    tokens_ += step.loss.tokens;
    seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
    progress.note(fmt::format("loss {:.4f}", step.loss.loss));
    progress.advance(1, step.loss.tokens);
    if (setup_.on_step && leads())
      RESTEM_RETURN_IF_ERROR(setup_.on_step(
          {at_.step, step.loss.loss, step.loss.entropy, rate, step.grad_norm, step.loss.tokens}));
    // Of one rank's signal all have to know.
    return step.stop && setup_.group != nullptr ? Stopped("stopped by a signal") : absl::OkStatus();
  }

  // Every eval_every steps, or at the end of each epoch where that is 0; always after the last
  // step.
  bool validation_due() const {
    if (!setup_.validate || at_.validated_step == at_.step) return false;
    if (at_.step == total_steps()) return true;
    const int64_t every = setup_.options.eval_every;
    return every > 0 ? at_.step % every == 0 : plan_.epoch_ends.contains(at_.step);
  }

  bool save_due() const {
    return setup_.options.save_every > 0 && at_.step % setup_.options.save_every == 0;
  }

  // The leader's score is everybody's.
  absl::StatusOr<double> validate() {
    RESTEM_ASSIGN_OR_RETURN(const Model model, model_->whole());
    ReturnCachedMemory(setup_.device);  // whoever measures it has need of it
    if (setup_.group == nullptr) return setup_.validate(model, at_.step);
    const std::string name = fmt::format("validation of step {}", at_.step);
    constexpr char kStopped[] = "stopped";
    if (leads()) {
      const absl::StatusOr<double> score = setup_.validate(model, at_.step);
      if (score.ok()) {
        RESTEM_RETURN_IF_ERROR(setup_.group->tell(name, fmt::format("{:a}", *score)));
      } else if (absl::IsCancelled(score.status())) {
        RESTEM_RETURN_IF_ERROR(setup_.group->tell(name, kStopped));
      }
      return score;
    }
    RESTEM_ASSIGN_OR_RETURN(const std::string score, setup_.group->ask(0, name));
    if (score == kStopped) return Stopped("stopped by a signal");
    return std::strtod(score.c_str(), nullptr);
  }

  absl::Status validate_if_due() {
    if (!validation_due()) return absl::OkStatus();
    RESTEM_ASSIGN_OR_RETURN(const double score, validate());
    at_.validated_step = at_.step;
    if (!at_.has_best || score > at_.best_score) {
      at_.has_best = true;
      at_.best_score = score;
      at_.best_step = at_.step;
      at_.misses = 0;
      remember_best();
    } else if (++at_.misses >= setup_.options.patience && setup_.options.patience > 0) {
      at_.stopped_early = true;
      spdlog::info("{}: no better validation in {} tries, stopping at step {}; best was step {}",
                   setup_.label,
                   at_.misses,
                   at_.step,
                   at_.best_step);
    }
    return absl::OkStatus();
  }

  void remember_best() {
    best_.clear();
    for (const TrainedSlice& slice : model_->slices()) best_.push_back(CopyOnHost(slice.values));
  }

  absl::Status save() { return checkpoints_->save(at_, model_->slices(), kinds()); }

  absl::StatusOr<TrainResult> result() const {
    TrainResult result;
    if (!leads()) return result;
    RESTEM_ASSIGN_OR_RETURN(const auto saved, checkpoints_->newest());
    result.parameter = [saved, kind = at_.has_best ? kBest : kMaster](
                           const std::string& name,
                           const std::vector<int64_t>& shape) -> absl::StatusOr<at::Tensor> {
      const at::Tensor tensor = at::empty(shape, at::kFloat);
      RESTEM_RETURN_IF_ERROR(saved->read(kind, {name}, tensor));
      return tensor;
    };
    result.steps = at_.step;
    result.best_step = at_.has_best ? at_.best_step : at_.step;
    result.tokens = tokens_;
    result.seconds = seconds_;
    result.last_loss = at_.last_loss;
    result.peak_gpu_bytes = PeakDeviceBytes(setup_.device);
    return result;
  }

  static constexpr char kMaster[] = "master";
  static constexpr char kBest[] = "best";

  const TrainSetup& setup_;
  const Plan plan_;
  const std::unique_ptr<TrainedModel> model_;
  AdamW optimizer_;
  TrainerCounters at_;
  std::vector<at::Tensor> best_;  // [slice], meaningful if at_.has_best
  std::unique_ptr<TrainerCheckpoints> checkpoints_;
  int64_t tokens_ = 0;
  double seconds_ = 0.0;
};

}  // namespace

absl::StatusOr<TrainResult> Train(TrainSetup setup) {
  if (setup.examples.empty()) return InvalidInput("nothing to train on: no example was selected");
  for (const TrainingExample& example : setup.examples)
    RESTEM_RETURN_IF_ERROR(CheckExample(example, setup.start.config));
  if (setup.group != nullptr) {
    // The threads of all ranks share the micro-batches out: each has to know how many there are.
    RESTEM_ASSIGN_OR_RETURN(setup.lanes, setup.group->least("number of threads", setup.lanes));
  }
  if (setup.deterministic) ComputeRepeatably(setup.device);
  absl::StatusOr<TrainResult> result;
  try {
    RESTEM_ASSIGN_OR_RETURN(std::unique_ptr<TrainedModel> model, MakeTrainedModel(setup));
    setup.start.weights = {};
    StartPeakDeviceBytes(setup.device);
    result = Trainer(setup, std::move(model)).run();
  } catch (const c10::OutOfMemoryError& error) {
    result = Failed(fmt::format(
        "{}: the GPU's memory is too small: a smaller train.micro_batch_tokens, "
        "train.gradient_checkpointing, train.offload_optimizer or more ranks need less of it ({})",
        setup.label,
        error.what_without_backtrace()));
  }
  ReturnCachedMemory(setup.device);
  return result;
}

}  // namespace restem
