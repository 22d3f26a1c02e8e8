#include "trainer/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <map>

#include "base/parallel.h"

namespace restem {
namespace {

constexpr double kEpsilon = 1e-8;

}  // namespace

AdamW::AdamW(const std::vector<TrainedSlice>& slices, const TrainOptions& options, int64_t lanes)
    : slices_(slices), options_(options), lanes_(static_cast<size_t>(lanes)) {
  for (const TrainedSlice& slice : slices) {
    first_.push_back(at::zeros_like(slice.values));
    second_.push_back(at::zeros_like(slice.values));
  }
}

void AdamW::step(const std::vector<at::Tensor>& gradients, double norm, double learning_rate) {
  clip(gradients, norm);
  ++steps_;
  std::map<c10::DeviceType, at::Tensor> step_counts;
  for (const TrainedSlice& slice : slices_) {
    at::Tensor& count = step_counts[slice.values.device().type()];
    if (!count.defined()) count = at::full({}, static_cast<double>(steps_), slice.values.options());
  }
  RunLanes(lanes_, [&](size_t lane) {
    for (size_t i = lane; i < slices_.size(); i += lanes_) {
      const double decay = slices_[i].is_matrix ? options_.weight_decay : 0.0;
      at::_fused_adamw_({slices_[i].values},
                        {gradients[i]},
                        {first_[i]},
                        {second_[i]},
                        /*max_exp_avg_sqs=*/{},
                        {step_counts.at(slices_[i].values.device().type())},
                        learning_rate,
                        options_.betas[0],
                        options_.betas[1],
                        decay,
                        kEpsilon,
                        /*amsgrad=*/false,
                        /*maximize=*/false);
    }
  });
}

void AdamW::clip(const std::vector<at::Tensor>& gradients, double norm) const {
  if (options_.max_grad_norm <= 0.0 || norm <= options_.max_grad_norm) return;
  for (const at::Tensor& gradient : gradients) gradient.mul_(options_.max_grad_norm / norm);
}

}  // namespace restem
