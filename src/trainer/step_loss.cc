#include "trainer/step_loss.h"

#include <vector>

#include "ops/autograd.h"
#include "ops/gather_rows.h"
#include "ops/linear_logprob.h"
#include "ops/to_tensor.h"

namespace restem {
namespace {

// Weights of the step's loss: each target's share of the whole step.
at::Tensor NormalizedWeights(const PackedBatch& batch, double total_weight, at::Device device) {
  std::vector<float> weights;
  weights.reserve(batch.target_weights.size());
  for (const float weight : batch.target_weights)
    weights.push_back(static_cast<float>(weight / total_weight));
  return ToTensor(std::span<const float>(weights), 0, device);
}

double WeightedSum(const at::Tensor& of_rows, const at::Tensor& of_weights) {
  const at::Tensor values = of_rows.cpu();
  const at::Tensor weights = of_weights.cpu();
  const auto* v = values.const_data_ptr<float>();
  const auto* w = weights.const_data_ptr<float>();
  double sum = 0.0;
  for (int64_t i = 0; i < values.numel(); ++i) sum += double{w[i]} * v[i];
  return sum;
}

}  // namespace

void StepLoss::add(const StepLoss& other) {
  loss += other.loss;
  entropy += other.entropy;
  tokens += other.tokens;
}

double SumOfWeights(std::span<const PackedBatch> batches) {
  double sum = 0.0;
  for (const PackedBatch& batch : batches) {
    for (const float weight : batch.target_weights) sum += double{weight};
  }
  return sum;
}

StepLoss LossWithGradient(const Model& model,
                          const PackedBatch& batch,
                          const at::Tensor& hidden,
                          double total_weight,
                          double z_loss,
                          const at::Tensor& head_gradient) {
  const at::Tensor weights = NormalizedWeights(batch, total_weight, model.device);
  const at::Tensor targets =
      GatherRows(hidden, ToTensor(std::span(batch.target_rows), 0, model.device));
  const WeightedNllResult nll =
      WeightedNll(model.parts == nullptr ? targets : IntoParts(*model.parts, targets),
                  model.weights.output_embedding(),
                  ToTensor(std::span(batch.target_tokens), 0, model.device),
                  weights,
                  z_loss,
                  {.soft_cap = model.config.logit_soft_cap,
                   .parts = model.parts.get(),
                   .first_token = model.first_token,
                   .vocabulary = model.vocabulary},
                  head_gradient);
  Backward(nll.loss);
  return {nll.loss.item<float>(),
          WeightedSum(nll.entropy, weights),
          static_cast<int64_t>(batch.tokens.size())};
}

}  // namespace restem
