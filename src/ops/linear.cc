#include "ops/linear.h"

#include <ATen/ops/add.h>
#include <ATen/ops/linear.h>
#include <c10/util/Exception.h>

namespace restem {

at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  TORCH_CHECK(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1),
              "Linear: x ",
              x.sizes(),
              " does not fit weight ",
              weight.sizes());
  if (weight.scalar_type() == at::kFloat)
    return bias.defined() ? at::linear(x, weight, bias) : at::linear(x, weight);
  const at::Tensor y = at::linear(x.to(weight.scalar_type()), weight).to(at::kFloat);
  return bias.defined() ? at::add(y, bias) : y;
}

}  // namespace restem
