#include "ops/rope.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "kernels/rope.h"
#include "ops/autograd.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Rotate(const at::Tensor& x,
                  const at::Tensor& positions,
                  const at::Tensor& cosines,
                  const at::Tensor& sines,
                  float direction) {
  at::Tensor y = at::empty_like(x);
  kernels::Rope(x.const_data_ptr<float>(),
                positions.const_data_ptr<int32_t>(),
                cosines.const_data_ptr<float>(),
                sines.const_data_ptr<float>(),
                x.size(0),
                x.size(1),
                x.size(2),
                direction,
                y.mutable_data_ptr<float>());
  return y;
}

class RopeFunction : public torch::autograd::Function<RopeFunction> {
 public:
  static at::Tensor forward(AutogradContext* context,
                            const at::Tensor& x,
                            const at::Tensor& positions,
                            const at::Tensor& cosines,
                            const at::Tensor& sines) {
    context->save_for_backward({positions, cosines, sines});
    return Rotate(x, positions, cosines, sines, 1.0F);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {Rotate(gradients[0].contiguous(), saved[0], saved[1], saved[2], -1.0F), {}, {}, {}};
  }
};

}  // namespace

RopeTable MakeRopeTable(int64_t max_positions, int64_t head_dim, double theta) {
  const int64_t half = head_dim / 2;
  RopeTable table = {at::empty({max_positions, half}, at::kFloat),
                     at::empty({max_positions, half}, at::kFloat)};
  auto* cosines = table.cosines.mutable_data_ptr<float>();
  auto* sines = table.sines.mutable_data_ptr<float>();
  for (int64_t i = 0; i < half; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(head_dim);
    const float frequency = 1.0F / std::pow(static_cast<float>(theta), exponent);
    for (int64_t position = 0; position < max_positions; ++position) {
      const float angle = static_cast<float>(position) * frequency;
      cosines[position * half + i] = std::cos(angle);
      sines[position * half + i] = std::sin(angle);
    }
  }
  return table;
}

at::Tensor Rope(const at::Tensor& x, const at::Tensor& positions, const RopeTable& table) {
  TORCH_CHECK(x.dim() == 3 && x.is_contiguous() && x.scalar_type() == at::kFloat && x.is_cpu(),
              "Rope: x must be a contiguous float32 [rows, heads, head_dim] tensor on the CPU");
  TORCH_CHECK(positions.numel() == x.size(0) && positions.scalar_type() == at::kInt &&
                  table.cosines.size(1) * 2 == x.size(2),
              "Rope: positions ",
              positions.sizes(),
              " and table ",
              table.cosines.sizes(),
              " do not fit x ",
              x.sizes());
  const auto* at = positions.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < positions.numel(); ++i) {
    TORCH_CHECK(0 <= at[i] && at[i] < table.cosines.size(0),
                "Rope: position ",
                at[i],
                " of row ",
                i,
                " is outside the table of ",
                table.cosines.size(0));
  }
  return RecordsGradient(x) ? RopeFunction::apply(x, positions, table.cosines, table.sines)
                            : Rotate(x, positions, table.cosines, table.sines, 1.0F);
}

}  // namespace restem
