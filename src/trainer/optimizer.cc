#include "trainer/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <cmath>

#include "base/parallel.h"

namespace restem {
namespace {
constexpr double kEpsilon = 1e-8;

double NormOf(const std::vector<at::Tensor>& gradients) {
  double squares = 0.0;
  for (const at::Tensor& gradient : gradients) {
    const at::Tensor flat = gradient.view({-1});
    squares += at::dot(flat, flat).item<float>();
  }
  return std::sqrt(squares);
}

}  // namespace

AdamW::AdamW(const std::vector<at::Tensor>& parameters, const TrainOptions& options, int64_t lanes)
    : parameters_(parameters), options_(options), lanes_(static_cast<size_t>(lanes)) {
  for (const at::Tensor& parameter : parameters) {
    first_.push_back(at::zeros_like(parameter));
    second_.push_back(at::zeros_like(parameter));
  }
}

absl::StatusOr<double> AdamW::step(const std::vector<at::Tensor>& gradients, double learning_rate) {
  const double norm = NormOf(gradients);
  if (!std::isfinite(norm)) return Failed(fmt::format("the gradient's norm is {}", norm));
  clip(gradients, norm);
  ++steps_;
  const at::Tensor step_count = at::full({}, static_cast<double>(steps_), at::kFloat);
  RunLanes(lanes_, [&](size_t lane) {
    for (size_t i = lane; i < parameters_.size(); i += lanes_) {
      const double decay = parameters_[i].dim() >= 2 ? options_.weight_decay : 0.0;
      at::_fused_adamw_({parameters_[i]},
                        {gradients[i]},
                        {first_[i]},
                        {second_[i]},
                        /*max_exp_avg_sqs=*/{},
                        {step_count},
                        learning_rate,
                        options_.betas[0],
                        options_.betas[1],
                        decay,
                        kEpsilon,
                        /*amsgrad=*/false,
                        /*maximize=*/false);
    }
  });
  return norm;
}

void AdamW::clip(const std::vector<at::Tensor>& gradients, double norm) const {
  if (options_.max_grad_norm <= 0.0 || norm <= options_.max_grad_norm) return;
  for (const at::Tensor& gradient : gradients) gradient.mul_(options_.max_grad_norm / norm);
}

}  // namespace restem
