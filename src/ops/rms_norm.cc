#include "ops/rms_norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/rms_norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/rms_norm.h"
#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Returns y and, if asked, fills inverse_rms [rows].
at::Tensor Forward(const at::Tensor& x,
                   const at::Tensor& weight,
                   double eps,
                   at::Tensor* inverse_rms) {
  at::Tensor y = at::empty_like(x);
  if (inverse_rms != nullptr) *inverse_rms = at::empty({x.size(0)}, x.options());
  kernels::RmsNormForward(
      x.const_data_ptr<float>(),
      weight.const_data_ptr<float>(),
      x.size(0),
      x.size(1),
      static_cast<float>(eps),
      y.mutable_data_ptr<float>(),
      inverse_rms == nullptr ? nullptr : inverse_rms->mutable_data_ptr<float>());
  return y;
}

class RmsNormFunction : public torch::autograd::Function<RmsNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& x,
                            const at::Tensor& weight,
                            double eps) {
    at::Tensor inverse_rms;
    at::Tensor y = Forward(x, weight, eps, &inverse_rms);
    context->save_for_backward({x, weight, inverse_rms});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    at::Tensor dx = at::empty_like(saved[0]);
    at::Tensor dweight = at::empty_like(saved[1]);
    kernels::RmsNormBackward(dy.const_data_ptr<float>(),
                             saved[0].const_data_ptr<float>(),
                             saved[1].const_data_ptr<float>(),
                             saved[2].const_data_ptr<float>(),
                             dx.size(0),
                             dx.size(1),
                             dx.mutable_data_ptr<float>(),
                             dweight.mutable_data_ptr<float>());
    return {dx, dweight, at::Tensor()};
  }
};

// LibTorch's own, in float32.
at::Tensor OnGpu(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return at::rms_norm(x.to(at::kFloat), {x.size(1)}, weight, eps).to(x.scalar_type());
}

}  // namespace

at::Tensor RmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  TORCH_CHECK(x.dim() == 2 && x.is_contiguous() && (x.scalar_type() == at::kFloat || x.is_cuda()),
              "RmsNorm: x must be a contiguous matrix, float32 on the CPU");
  TORCH_CHECK(
      weight.dim() == 1 && weight.size(0) == x.size(1) && weight.scalar_type() == at::kFloat,
      "RmsNorm: weight ",
      weight.sizes(),
      " does not fit x ",
      x.sizes());
  if (x.is_cuda()) return OnGpu(x, weight, eps);
  return RecordsGradient(x, weight) ? RmsNormFunction::apply(x, weight, eps)
                                    : Forward(x, weight, eps, nullptr);
}

}  // namespace restem
