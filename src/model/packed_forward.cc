#include "model/packed_forward.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

#include "ops/linear.h"

namespace restem {

namespace {

template <typename T>
at::Tensor ToTensor(std::span<const T> values, int64_t at_least, at::ScalarType type) {
  at::Tensor tensor = at::zeros({std::max(at_least, static_cast<int64_t>(values.size()))}, type);
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<T>());
  return tensor;
}

}  // namespace

AttentionFn PackedAttentionOf(const Model& model,
                              AttentionSegments segments,
                              std::span<const int64_t> live) {
  const int64_t last = model.config.num_hidden_layers - 1;
  const at::Tensor live_rows = live.empty() ? at::Tensor() : ToTensor(live, 0, at::kLong);
  return [segments = std::move(segments), live_rows, last, scale = AttentionScale(model.config)](
             int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    return PackedAttention(q, k, v, segments, layer == last ? live_rows : at::Tensor(), scale);
  };
}

DecoderInput PadInput(std::span<const int32_t> tokens,
                      std::span<const int32_t> positions,
                      std::span<const int64_t> live) {
  return {ToTensor(tokens, kMinProductRows, at::kInt),
          ToTensor(positions, kMinProductRows, at::kInt),
          live.empty() ? at::Tensor() : ToTensor(live, kMinProductRows, at::kLong)};
}

}  // namespace restem
