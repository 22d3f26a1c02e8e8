// Loss and gradient of one optimizer step: Σ w·(−log p) / Σ w over all its examples, whatever the
// packing, the micro-batches or the number of threads.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/status.h"
#include "data/packing.h"
#include "model/decoder.h"

namespace restem {

struct StepLoss {
  double loss = 0.0;     // Σ w·(−log p) / Σ w, plus the z-loss if any
  double entropy = 0.0;  // weighted mean over the target positions, nats
  int64_t tokens = 0;    // input rows computed
};

// One leaf per trained parameter and lane; lanes run forward and backward on micro-batches of their
// own at the same time.
class GradientComputer {
 public:
  // `deterministic` as TrainSetup has it.
  GradientComputer(const Model& model, int64_t lanes, double z_loss, bool deterministic = false);

  // Points the leaves at new compute weights (same shapes).
  void set_weights(const Weights& weights);

  // Where an adapter's dropout comes from; without this there is none.
  void set_dropout(uint64_t seed, uint64_t iteration);

  // After this, gradients() hold d loss / d parameter. A micro-batch whose loss is not finite is an
  // error that names it. `step` keys dropout.
  absl::StatusOr<StepLoss> compute(std::span<const PackedBatch> batches, int64_t step = 0);

  // [parameter] float32, in the order of TrainedParameters(); valid until the next compute().
  const std::vector<at::Tensor>& gradients() const { return gradients_; }

 private:
  struct Replica {
    Model model;  // of leaves
    std::vector<Parameter> leaves;
    std::vector<at::Tensor> sums;  // [parameter] float32
    at::Tensor lm_head_sum;        // the one of the output embedding
    StepLoss loss;
  };

  absl::Status run_batch(Replica& replica, const PackedBatch& batch, double total_weight);
  void set_dropout_streams(Replica& replica, uint64_t batch) const;
  void reduce();

  const double z_loss_;
  const bool deterministic_;
  std::optional<std::pair<uint64_t, uint64_t>> dropout_;  // seed and iteration
  std::vector<Replica> replicas_;
  std::vector<at::Tensor> gradients_;
};

}  // namespace restem
