#include "trainer/gradient.h"

#include <ATen/ops/zeros.h>

#include <span>

#include "base/parallel.h"
#include "model/adapter.h"
#include "model/packed_forward.h"
#include "model/packed_weights.h"
#include "ops/autograd.h"
#include "trainer/flat_tensors.h"
#include "trainer/step_loss.h"

namespace restem {
GradientComputer::GradientComputer(const Model& model,
                                   int64_t lanes,
                                   double z_loss,
                                   bool deterministic)
    : z_loss_(z_loss), deterministic_(deterministic), replicas_(static_cast<size_t>(lanes)) {
  for (Replica& replica : replicas_) {
    replica.model = model;
    Shapes shapes;
    for (const Parameter& parameter : TrainedParameters(model.config, model.weights))
      shapes.push_back(parameter.tensor.sizes().vec());
    replica.flat =
        at::zeros({FlatSize(shapes)}, at::TensorOptions(at::kFloat).device(model.device));
    replica.sums = FlatViews(replica.flat, shapes);
  }
  set_weights(model.weights);
}

void GradientComputer::set_weights(const Weights& weights) {
  const ModelConfig& config = replicas_.front().model.config;
  const Weights known =
      deterministic_ ? PackedWeights(config, weights, /*keep_dense=*/true) : weights;
  for (Replica& replica : replicas_) {
    replica.model.weights = MapTrained(config, known, MakeLeaf);
    replica.leaves = TrainedParameters(config, replica.model.weights);
    // Float32 leaves collect straight into the sums; narrower ones would lose small contributions.
    for (size_t i = 0; i < replica.leaves.size(); ++i) {
      at::Tensor& leaf = replica.leaves[i].tensor;
      if (leaf.scalar_type() == at::kFloat) leaf.mutable_grad() = replica.sums[i];
      if (leaf.is_same(replica.model.weights.output_embedding().dense))
        replica.lm_head_sum = replica.sums[i];
    }
  }
}

void GradientComputer::set_dropout(uint64_t seed, uint64_t iteration) {
  dropout_ = {seed, iteration};
}

// As if all batches of all steps had numbers: far fewer than 2^20 make a step.
void GradientComputer::set_dropout_streams(Replica& replica, uint64_t batch) const {
  const std::vector<AdapterModule>& adapter = replica.model.weights.adapter;
  if (!dropout_ || adapter.empty() || adapter.front().dropout == 0.0) return;
  const auto& [seed, iteration] = *dropout_;
  SetDropout(replica.model.config, replica.model.weights, [&](const std::string& layer) {
    return RandomStream(seed, StreamPurpose::kDropout, iteration, layer, batch);
  });
}

StepLoss GradientComputer::compute(std::span<const PackedBatch> batches,
                                   int64_t step,
                                   Share share) {
  const double total_weight = SumOfWeights(batches);
  const auto stride = replicas_.size() * static_cast<size_t>(share.count);
  RunLanes(replicas_.size(), [&](size_t lane) {
    Replica& replica = replicas_[lane];
    replica.loss = {};
    replica.flat.zero_();
    const size_t first = replicas_.size() * static_cast<size_t>(share.index) + lane;
    for (size_t i = first; i < batches.size(); i += stride) {
      set_dropout_streams(replica, (static_cast<uint64_t>(step) << 20U) + i);
      run_batch(replica, batches[i], total_weight);
    }
  });
  reduce();
  StepLoss total;
  for (const Replica& replica : replicas_) total.add(replica.loss);
  return total;
}

void GradientComputer::run_batch(Replica& replica, const PackedBatch& batch, double total_weight) {
  const at::Tensor live =
      PackedHidden(replica.model, batch.tokens, batch.positions, batch.segments, batch.live_rows);
  replica.loss.add(
      LossWithGradient(replica.model, batch, live, total_weight, z_loss_, replica.lm_head_sum));
  for (size_t i = 0; i < replica.leaves.size(); ++i) {
    at::Tensor& leaf = replica.leaves[i].tensor;
    if (leaf.scalar_type() == at::kFloat || !leaf.grad().defined()) continue;
    replica.sums[i].add_(leaf.grad().to(at::kFloat));
    leaf.mutable_grad().reset();
  }
}

// Sums the lanes in their order, so that the result does not depend on which finished first.
void GradientComputer::reduce() {
  const std::vector<at::Tensor>& sums = gradients();
  RunLanes(replicas_.size(), [&](size_t lane) {
    for (size_t i = lane; i < sums.size(); i += replicas_.size()) {
      for (size_t other = 1; other < replicas_.size(); ++other)
        sums[i].add_(replicas_[other].sums[i]);
    }
  });
}

}  // namespace restem
