#include "model/packed_forward.h"

#include <memory>
#include <utility>

#include "ops/linear.h"
#include "ops/to_tensor.h"

namespace restem {

AttentionFn PackedAttentionOf(const Model& model,
                              AttentionSegments segments,
                              std::span<const int64_t> live) {
  const int64_t last = model.config.num_hidden_layers - 1;
  const at::Tensor live_rows = live.empty() ? at::Tensor() : ToTensor(live);
  return [segments = std::move(segments), live_rows, last, &config = model.config](
             int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    return PackedAttention(q,
                           k,
                           v,
                           segments,
                           layer == last ? live_rows : at::Tensor(),
                           AttentionRuleOf(config, layer));
  };
}

DecoderInput PadInput(std::span<const int32_t> tokens,
                      std::span<const int32_t> positions,
                      std::span<const int64_t> live) {
  return {ToTensor(tokens, kMinProductRows),
          ToTensor(positions, kMinProductRows),
          live.empty() ? at::Tensor() : ToTensor(live, kMinProductRows)};
}

at::Tensor PackedHidden(const Model& model,
                        std::span<const int32_t> tokens,
                        std::span<const int32_t> positions,
                        std::vector<AttentionSegment> segments,
                        std::span<const int64_t> live) {
  auto shared = std::make_shared<const std::vector<AttentionSegment>>(std::move(segments));
  return DecoderHidden(
      model, PadInput(tokens, positions, live), PackedAttentionOf(model, std::move(shared), live));
}

}  // namespace restem
