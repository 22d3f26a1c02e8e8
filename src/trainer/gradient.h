// Loss and gradient of one optimizer step: Σ w·(−log p) / Σ w over all its examples, whatever the
// packing, the micro-batches or the number of threads.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "data/packing.h"
#include "model/decoder.h"
#include "trainer/trained_model.h"

namespace restem {

// Which micro-batches of a step are computed here: of `count` processes, number `index`.
struct Share {
  int64_t index = 0;
  int64_t count = 1;
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

  // After this, gradients() hold what this share of the micro-batches adds to d loss / d parameter
  // of the step. A loss that is not finite is returned as it is. `step` keys dropout.
  StepLoss compute(std::span<const PackedBatch> batches, int64_t step = 0, Share share = {});

  // [parameter] float32, in the order of TrainedParameters(); valid until the next compute().
  const std::vector<at::Tensor>& gradients() const { return replicas_.front().sums; }
  // All of them as one tensor.
  const at::Tensor& flat_gradients() const { return replicas_.front().flat; }

 private:
  struct Replica {
    Model model;  // of leaves
    std::vector<Parameter> leaves;
    at::Tensor flat;               // float32
    std::vector<at::Tensor> sums;  // [parameter], views of it
    at::Tensor lm_head_sum;        // the one of the output embedding
    StepLoss loss;
  };

  void run_batch(Replica& replica, const PackedBatch& batch, double total_weight);
  void set_dropout_streams(Replica& replica, uint64_t batch) const;
  void reduce();

  const double z_loss_;
  const bool deterministic_;
  std::optional<std::pair<uint64_t, uint64_t>> dropout_;  // seed and iteration
  std::vector<Replica> replicas_;
};

}  // namespace restem
