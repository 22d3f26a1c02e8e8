#include "model/packed_forward.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "ops/linear.h"

namespace restem {

AttentionFn PackedAttentionOf(const Model& model, AttentionSegments segments) {
  return [segments = std::move(segments), scale = AttentionScale(model.config)](
             int64_t /*layer*/, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    return PackedAttention(q, k, v, segments, scale);
  };
}

PackedInput PadInput(std::span<const int32_t> tokens, std::span<const int32_t> positions) {
  const auto rows = std::max<int64_t>(kMinProductRows, static_cast<int64_t>(tokens.size()));
  PackedInput input = {at::zeros({rows}, at::kInt), at::zeros({rows}, at::kInt)};
  std::copy(tokens.begin(), tokens.end(), input.tokens.mutable_data_ptr<int32_t>());
  std::copy(positions.begin(), positions.end(), input.positions.mutable_data_ptr<int32_t>());
  return input;
}

}  // namespace restem
