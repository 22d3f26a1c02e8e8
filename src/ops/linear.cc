#include "ops/linear.h"

#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/autograd.h"
#include "ops/low_rank.h"

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

// Without gradient; `x` in any precision.
at::Tensor Product(const at::Tensor& x, const Matrix& weight) {
  if (weight.packed != nullptr) return weight.packed->product(x, {});
  return WidenedProduct(RoundedTo(x, weight.dense), weight.dense);
}

// A packed form, or a bfloat16 weight that is widened by blocks.
class ProductFunction : public torch::autograd::Function<ProductFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& x,
                            const at::Tensor& weight,
                            const std::shared_ptr<const PackedMatrix>& packed) {
    const at::Tensor rounded = weight.requires_grad() ? RoundedTo(x, weight) : at::Tensor();
    context->save_for_backward({rounded, weight});
    return Product(x, {weight, packed});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& weight = saved[1];
    at::Tensor dx = at::zeros({gradients[0].size(0), weight.size(1)}, gradients[0].options());
    ForWeightRows(weight.size(0), [&](int64_t first, int64_t count) {
      dx.addmm_(gradients[0].narrow(1, first, count), WidenedRows(weight, first, count));
    });
    at::Tensor dweight;  // none of a frozen weight
    if (saved[0].defined()) dweight = at::mm(gradients[0].t(), saved[0]).to(weight.scalar_type());
    return {dx, dweight, {}};
  }
};

at::Tensor OnGpu(const at::Tensor& x, const Matrix& weight, const at::Tensor& bias) {
  const at::Tensor operand = OperandOf(x, weight);
  if (!bias.defined()) return at::linear(operand, weight.dense);
  return at::linear(operand, weight.dense, bias.to(operand.scalar_type()));
}

at::Tensor OfBase(const at::Tensor& x, const Matrix& weight, const at::Tensor& bias) {
  if (x.is_cuda()) return OnGpu(x, weight, bias);
  const bool records = weight.dense.defined() && RecordsGradient(x, weight.dense);
  if (weight.packed != nullptr && !records) return weight.packed->product(x, bias);
  const at::Tensor& dense = weight.dense;
  TORCH_CHECK(x.dim() == 2 && dense.dim() == 2 && x.size(1) == dense.size(1),
              "Linear: x ",
              x.sizes(),
              " does not fit weight ",
              dense.sizes());
  if (weight.packed == nullptr && dense.scalar_type() == at::kFloat)
    return bias.defined() ? at::linear(x, dense, bias) : at::linear(x, dense);
  const at::Tensor y =
      records ? ProductFunction::apply(x, dense, weight.packed) : Product(x, weight);
  return bias.defined() ? at::add(y, bias) : y;
}

}  // namespace

at::Tensor Linear(const at::Tensor& x, const Matrix& weight, const at::Tensor& bias) {
  const at::Tensor y = OfBase(x, weight, bias);
  if (!weight.low_rank.a.defined()) return y;
  return at::add(y, LowRankProduct(x, weight.low_rank).to(y.scalar_type()));
}

at::Tensor OperandOf(const at::Tensor& x, const Matrix& weight) {
  return x.is_cuda() ? x.to(weight.dense.scalar_type()) : x;
}

at::Tensor WidenedRows(const at::Tensor& weight, int64_t first, int64_t count) {
  return weight.narrow(0, first, count).to(at::kFloat);
}

at::Tensor RoundedTo(const at::Tensor& x, const at::Tensor& weight) {
  return x.to(weight.scalar_type()).to(at::kFloat);
}

}  // namespace restem
