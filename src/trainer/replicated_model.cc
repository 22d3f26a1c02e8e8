#include "trainer/replicated_model.h"

#include <utility>

#include "model/adapter.h"
#include "model/on_device.h"

namespace restem {
namespace {

Model With(Model model, Weights weights) {
  model.weights = std::move(weights);
  return model;
}

// Matrices in the compute dtype; what is float32 computes on the master weights themselves.
Weights Cast(const ModelConfig& config, const Weights& master) {
  return MapWeights(
      config, master, [](const at::Tensor& t) { return t.dim() >= 2 ? t.to(at::kBFloat16) : t; });
}

}  // namespace

// Adapters are float32, on a base that has its dtype already.
ReplicatedModel::ReplicatedModel(const Model& start,
                                 const ReplicatedOptions& options,
                                 std::shared_ptr<Group> group)
    : casts_(options.bfloat16 && start.weights.adapter.empty()),
      deterministic_(options.deterministic),
      group_(std::move(group)),
      master_(MapTrained(start.config,
                         start.weights,
                         [](const at::Tensor& t) {
                           return t.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
                         })),
      model_(With(start, casts_ ? Cast(start.config, master_) : master_)),
      gradient_(model_, options.lanes, options.z_loss, options.deterministic) {
  for (const Parameter& parameter : TrainedParameters(model_.config, master_)) {
    TrainedSlice& slice = slices_.emplace_back();
    slice.run.parameter = parameter.name;
    slice.values = parameter.tensor;
    slice.is_matrix = parameter.tensor.dim() >= 2;
    slice.counts = group_ == nullptr || group_->leads();
  }
  gradient_.set_dropout(options.seed, options.iteration);
}

absl::StatusOr<StepLoss> ReplicatedModel::compute(std::span<const PackedBatch> batches,
                                                  int64_t step) {
  if (group_ == nullptr) return gradient_.compute(batches, step);
  const StepLoss loss = gradient_.compute(batches, step, {group_->rank(), group_->size()});
  RESTEM_RETURN_IF_ERROR(group_->all_reduce(gradient_.flat_gradients()));
  RESTEM_RETURN_IF_ERROR(group_->settle());
  return loss;
}

absl::StatusOr<Model> ReplicatedModel::whole() {
  return model_.device.is_cpu() ? model_ : ModelOn(model_, at::kCPU);
}

void ReplicatedModel::refresh() {
  if (casts_) model_.weights = Cast(model_.config, master_);
  if (casts_ || deterministic_) gradient_.set_weights(model_.weights);
}

}  // namespace restem
