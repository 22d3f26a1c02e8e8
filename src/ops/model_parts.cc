#include "ops/model_parts.h"

#include <torch/csrc/autograd/custom_function.h>

#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Summed(ModelParts& parts, const at::Tensor& x) {
  const at::Tensor sum =
      x.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::Contiguous);
  parts.sum(sum);
  return sum;
}

class SumFunction : public torch::autograd::Function<SumFunction> {
 public:
  static at::Tensor forward(AutogradContext* /*context*/, const at::Tensor& x, ModelParts* parts) {
    return Summed(*parts, x);
  }
  static variable_list backward(AutogradContext* /*context*/, const variable_list& gradients) {
    return {gradients[0], {}};
  }
};

class IntoFunction : public torch::autograd::Function<IntoFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, ModelParts* parts) {
    context->saved_data["parts"] = reinterpret_cast<int64_t>(parts);
    return x.view_as(x);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    auto* parts = reinterpret_cast<ModelParts*>(context->saved_data["parts"].toInt());
    return {Summed(*parts, gradients[0]), {}};
  }
};

}  // namespace

at::Tensor SumOfParts(ModelParts& parts, const at::Tensor& x) {
  return RecordsGradient(x) ? SumFunction::apply(x, &parts) : Summed(parts, x);
}

at::Tensor IntoParts(ModelParts& parts, const at::Tensor& x) {
  return RecordsGradient(x) ? IntoFunction::apply(x, &parts) : x;
}

}  // namespace restem
