#include "ops/autograd.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

namespace restem {

at::Tensor MakeLeaf(const at::Tensor& tensor) {
  at::Tensor leaf = tensor.variable_data();
  leaf.set_requires_grad(true);
  return leaf;
}

void Backward(const at::Tensor& loss) { torch::autograd::backward({loss}); }

void BackwardFrom(const at::Tensor& output, const at::Tensor& gradient) {
  torch::autograd::backward({output}, {gradient});
}

std::vector<at::Tensor> GradientsOf(const at::Tensor& loss, const std::vector<at::Tensor>& inputs) {
  return torch::autograd::grad({loss}, inputs);
}

bool RecordsGradient(const at::Tensor& a) {
  return at::GradMode::is_enabled() && a.requires_grad();
}

bool RecordsGradient(const at::Tensor& a, const at::Tensor& b) {
  return at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
}

}  // namespace restem
