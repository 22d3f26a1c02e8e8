#include "ops/linear.h"

#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// `x` is rounded already.
at::Tensor WidenedProduct(const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
  ForWeightRows(weight.size(0), [&](int64_t first, int64_t count) {
    at::Tensor place = y.narrow(1, first, count);
    at::mm_out(place, x, WidenedRows(weight, first, count).t());
  });
  return y;
}

class WidenedProductFunction : public torch::autograd::Function<WidenedProductFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& x,
                            const at::Tensor& weight) {
    const at::Tensor rounded = RoundedTo(x, weight);
    context->save_for_backward({rounded, weight});
    return WidenedProduct(rounded, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& weight = saved[1];
    at::Tensor dx = at::zeros_like(saved[0]);
    ForWeightRows(weight.size(0), [&](int64_t first, int64_t count) {
      dx.addmm_(gradients[0].narrow(1, first, count), WidenedRows(weight, first, count));
    });
    return {dx, at::mm(gradients[0].t(), saved[0]).to(weight.scalar_type())};
  }
};

}  // namespace

at::Tensor Linear(const at::Tensor& x, const Matrix& matrix, const at::Tensor& bias) {
  if (matrix.packed != nullptr) return matrix.packed->product(x, bias);
  const at::Tensor& weight = matrix.dense;
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1),
              "Linear: x ",
              x.sizes(),
              " does not fit weight ",
              weight.sizes());
  if (weight.scalar_type() == at::kFloat)
    return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
  const at::Tensor y = RecordsGradient(x, weight) ? WidenedProductFunction::apply(x, weight)
                                                  : WidenedProduct(RoundedTo(x, weight), weight);
  return bias.defined() ? at::add(y, bias) : y;
}

at::Tensor WidenedRows(const at::Tensor& weight, int64_t first, int64_t count) {
  return weight.narrow(0, first, count).to(at::kFloat);
}

at::Tensor RoundedTo(const at::Tensor& x, const at::Tensor& weight) {
  return x.to(weight.scalar_type()).to(at::kFloat);
}

}  // namespace restem
