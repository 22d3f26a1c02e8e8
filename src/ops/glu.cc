#include "ops/glu.h"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "ops/autograd.h"
#include "ops/elementwise_device.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* DataOf(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

at::Tensor Forward(Activation activation, const at::Tensor& gate, const at::Tensor& up) {
  at::Tensor y = at::empty_like(gate);
  if (gate.is_cuda()) {
    GluForwardOnCuda(activation, gate, up, y);
  } else {
    kernels::GluForward(
        activation, DataOf(gate), DataOf(up), gate.numel(), y.mutable_data_ptr<float>());
  }
  return y;
}

void Backward(Activation activation,
              const at::Tensor& dy,
              const at::Tensor& gate,
              const at::Tensor& up,
              const at::Tensor& dgate,
              const at::Tensor& dup) {
  if (gate.is_cuda()) return GluBackwardOnCuda(activation, dy, gate, up, dgate, dup);
  kernels::GluBackward(activation,
                       dy.const_data_ptr<float>(),
                       DataOf(gate),
                       DataOf(up),
                       dy.numel(),
                       dgate.mutable_data_ptr<float>(),
                       dup.defined() ? dup.mutable_data_ptr<float>() : nullptr);
}

class GluFunction : public torch::autograd::Function<GluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& gate,
                            const std::optional<at::Tensor>& up,
                            int64_t activation) {
    context->save_for_backward({gate, up.value_or(at::Tensor())});
    context->saved_data["activation"] = activation;
    return Forward(static_cast<Activation>(activation), gate, up.value_or(at::Tensor()));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous();
    at::Tensor dgate = at::empty_like(saved[0]);
    at::Tensor dup = saved[1].defined() ? at::empty_like(saved[1]) : at::Tensor();
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    Backward(activation, dy, saved[0], saved[1], dgate, dup);
    return {dgate, dup, {}};
  }
};

bool IsOperand(const at::Tensor& x) {
  const bool is_narrow = x.is_cuda() && x.scalar_type() == at::kBFloat16;
  return x.is_contiguous() && (x.scalar_type() == at::kFloat || is_narrow);
}

}  // namespace

at::Tensor Glu(Activation activation, const at::Tensor& gate, const at::Tensor& up) {
  TORCH_CHECK(IsOperand(gate), "Glu: the gate must be contiguous float32, on a GPU also bfloat16");
  TORCH_CHECK(!up.defined() || (up.is_contiguous() && gate.sizes() == up.sizes() &&
                                gate.scalar_type() == up.scalar_type()),
              "Glu: gate ",
              gate.sizes(),
              " and up must be contiguous and alike");
  const bool records = RecordsGradient(gate) || (up.defined() && RecordsGradient(up));
  if (!records) return Forward(activation, gate, up);
  return GluFunction::apply(
      gate, up.defined() ? std::optional(up) : std::nullopt, static_cast<int64_t>(activation));
}

}  // namespace restem
