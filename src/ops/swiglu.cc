#include "ops/swiglu.h"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/swiglu.h"
#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Forward(const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor y = at::empty_like(gate);
  kernels::SwigluForward(gate.const_data_ptr<float>(),
                         up.const_data_ptr<float>(),
                         gate.numel(),
                         y.mutable_data_ptr<float>());
  return y;
}

class SwigluFunction : public torch::autograd::Function<SwigluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& gate,
                            const at::Tensor& up) {
    context->save_for_backward({gate, up});
    return Forward(gate, up);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    at::Tensor dgate = at::empty_like(saved[0]);
    at::Tensor dup = at::empty_like(saved[0]);
    kernels::SwigluBackward(dy.const_data_ptr<float>(),
                            saved[0].const_data_ptr<float>(),
                            saved[1].const_data_ptr<float>(),
                            dy.numel(),
                            dgate.mutable_data_ptr<float>(),
                            dup.mutable_data_ptr<float>());
    return {dgate, dup};
  }
};

}  // namespace

at::Tensor Swiglu(const at::Tensor& gate, const at::Tensor& up) {
  TORCH_CHECK(gate.sizes() == up.sizes() && gate.is_contiguous() && up.is_contiguous() &&
                  gate.scalar_type() == at::kFloat && up.scalar_type() == at::kFloat &&
                  gate.is_cpu(),
              "Swiglu: gate ",
              gate.sizes(),
              " and up ",
              up.sizes(),
              " must be alike, contiguous, float32, on the CPU");
  return RecordsGradient(gate, up) ? SwigluFunction::apply(gate, up) : Forward(gate, up);
}

}  // namespace restem
