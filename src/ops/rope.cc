#include "ops/rope.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "kernels/rope.h"
#include "ops/autograd.h"
#include "ops/elementwise_device.h"

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
  if (x.is_cuda()) {
    RopeOnCuda({positions, cosines, sines, direction}, x, y);
    return y;
  }
  kernels::Rope(x.const_data_ptr<float>(),
                positions.const_data_ptr<int32_t>(),
                cosines.const_data_ptr<float>(),
                sines.const_data_ptr<float>(),
                x.size(0),
                x.size(1),
                x.size(2),
                2 * cosines.size(1),
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

std::vector<float> RopeFrequencies(int64_t rotary_dim, double theta) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < rotary_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(rotary_dim);
    frequencies.push_back(1.0F / std::pow(static_cast<float>(theta), exponent));
  }
  return frequencies;
}

struct RopeTable::Progress {
  std::vector<float> frequencies;
  float factor;
  std::mutex mutex;
  std::atomic<int64_t> positions{0};
};

RopeTable::RopeTable(int64_t max_positions, std::span<const float> frequencies, double factor)
    : cosines_(at::empty({max_positions, static_cast<int64_t>(frequencies.size())}, at::kFloat)),
      sines_(at::empty_like(cosines_)),
      progress_(std::make_shared<Progress>()) {
  progress_->frequencies.assign(frequencies.begin(), frequencies.end());
  progress_->factor = static_cast<float>(factor);
}

RopeTable RopeTable::on(at::Device device) const {
  RopeTable table = *this;
  if (cosines_.device() == device) return table;
  const View all = view(max_positions());
  table.cosines_ = all.cosines.to(device);
  table.sines_ = all.sines.to(device);
  table.progress_ = nullptr;
  return table;
}

RopeTable::View RopeTable::view(int64_t count) const {
  if (progress_ == nullptr) return {cosines_, sines_};
  if (progress_->positions.load(std::memory_order_acquire) >= count) return {cosines_, sines_};
  const std::lock_guard lock(progress_->mutex);
  int64_t position = progress_->positions.load(std::memory_order_relaxed);
  const int64_t half = cosines_.size(1);
  auto* cosine = cosines_.mutable_data_ptr<float>() + position * half;
  auto* sine = sines_.mutable_data_ptr<float>() + position * half;
  for (; position < count; ++position) {
    for (const float frequency : progress_->frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      *cosine++ = progress_->factor * std::cos(angle);
      *sine++ = progress_->factor * std::sin(angle);
    }
  }
  progress_->positions.store(position, std::memory_order_release);
  return {cosines_, sines_};
}

namespace {

// How many positions of the table are needed.
int64_t CheckPositions(const at::Tensor& positions, int64_t max_positions) {
  const auto* at = positions.const_data_ptr<int32_t>();
  int64_t count = 0;
  for (int64_t i = 0; i < positions.numel(); ++i) {
    TORCH_CHECK(0 <= at[i] && at[i] < max_positions,
                "Rope: position ",
                at[i],
                " of row ",
                i,
                " is outside the table of ",
                max_positions);
    count = std::max(count, int64_t{at[i]} + 1);
  }
  return count;
}

}  // namespace

at::Tensor Rope(const at::Tensor& x, const at::Tensor& positions, const RopeTable& table) {
  TORCH_CHECK(x.dim() == 3 && x.is_contiguous() && (x.scalar_type() == at::kFloat || x.is_cuda()),
              "Rope: x must be contiguous [rows, heads, head_dim], float32 on the CPU");
  TORCH_CHECK(positions.numel() == x.size(0) && positions.scalar_type() == at::kInt &&
                  table.rotary_dim() <= x.size(2),
              "Rope: positions ",
              positions.sizes(),
              " and a table for ",
              table.rotary_dim(),
              " elements do not fit x ",
              x.sizes());
  const auto [cosines, sines] = table.view(
      x.is_cuda() ? table.max_positions() : CheckPositions(positions, table.max_positions()));
  return RecordsGradient(x) ? RopeFunction::apply(x, positions, cosines, sines)
                            : Rotate(x, positions, cosines, sines, 1.0F);
}

}  // namespace restem
