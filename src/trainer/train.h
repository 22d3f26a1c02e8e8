// The M-step: fine-tunes a model on weighted examples.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"
#include "comm/group.h"
#include "data/types.h"
#include "model/checkpoint.h"
#include "model/decoder.h"
#include "trainer/options.h"

namespace restem {

// What happened at one optimizer step; for metrics.
struct TrainStepEvent {
  int64_t step = 0;  // from 1
  double loss = 0.0;
  double entropy = 0.0;  // nats
  double learning_rate = 0.0;
  double grad_norm = 0.0;  // before clipping
  int64_t tokens = 0;      // input rows of the step
};

struct TrainSetup {
  // Weights of any dtype, or an adapter on weights of the compute dtype. They are left as they are,
  // and let go of as soon as training has its own.
  Model start;
  std::span<const TrainingExample> examples;
  TrainOptions options;
  bool bfloat16 = false;  // compute in bfloat16 over float32 master weights
  uint64_t seed = 0;
  uint64_t iteration = 0;
  at::Device device = at::kCPU;  // where it computes; `start` is on the CPU in any case
  int64_t lanes = 1;  // threads; of a group, as many are used as the rank has that has fewest
  // Forward passes with the very products that sampling uses, so that equal weights give the
  // log-probs that it recorded, bit for bit. On a GPU: with operators that repeat themselves.
  bool deterministic = false;
  std::string state_dir;  // trainer checkpoints; training continues from the one that is there
  std::string label;      // of the progress bar
  // The ranks that train this model together, all with the same setup; null: this process alone.
  std::shared_ptr<Group> group;
  std::string node;  // on which this rank is: the same text for all that share it
  // How good these weights are on held-out problems, higher is better; null: no early stopping.
  // Called by the group's first rank.
  std::function<absl::StatusOr<double>(const Model&, int64_t step)> validate;
  std::function<absl::Status(const TrainStepEvent&)> on_step;
};

// The leader's; of the others it is empty.
struct TrainResult {
  // The trained parameters in float32: the best by `validate`, the last without it. Each call reads
  // what `state_dir` holds, which has to stay as long.
  ParameterFn parameter;
  int64_t steps = 0;      // optimizer steps taken
  int64_t best_step = 0;  // where they come from
  int64_t tokens = 0;     // input rows of the steps that this call took
  double seconds = 0.0;   // of this call, validation left out
  double last_loss = 0.0;
  int64_t peak_gpu_bytes = 0;  // that tensors took at a time; 0 on a CPU
};

// Stopped at any moment and run again with the same setup, it ends with the same weights to the
// bit (on a GPU, if it is deterministic); with another number of ranks, up to rounding. Where a
// rank is lost, absl::IsUnavailable on the others. InvalidInput names an example that is beyond the
// model's context or vocabulary, or says why the ranks cannot share the model as the options have
// it; Failed, the examples of a step whose loss or gradient is not finite.
absl::StatusOr<TrainResult> Train(TrainSetup setup);

}  // namespace restem
