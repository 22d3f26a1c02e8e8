#include "model/packed_forward.h"

#include <memory>
#include <utility>

#include "ops/linear.h"
#include "ops/to_tensor.h"
#include "ops/varlen_attention.h"

namespace restem {
namespace {

AttentionFn VarlenAttentionOf(const Model& model,
                              const std::vector<AttentionSegment>& segments,
                              const at::Tensor& live_rows) {
  return [layout = LayOut(segments, model.device),
          live_rows,
          last = model.config.num_hidden_layers - 1,
          &config = model.config](
             int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    return VarlenAttention(
        q, k, v, layout, layer == last ? live_rows : at::Tensor(), AttentionRuleOf(config, layer));
  };
}

}  // namespace

AttentionFn PackedAttentionOf(const Model& model,
                              AttentionSegments segments,
                              std::span<const int64_t> live) {
  const int64_t last = model.config.num_hidden_layers - 1;
  const at::Tensor live_rows = live.empty() ? at::Tensor() : ToTensor(live, 0, model.device);
  if (!model.device.is_cpu()) return VarlenAttentionOf(model, *segments, live_rows);
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
                      std::span<const int64_t> live,
                      at::Device device) {
  const int64_t least = device.is_cpu() ? kMinProductRows : 0;
  return {ToTensor(tokens, least, device),
          ToTensor(positions, least, device),
          live.empty() ? at::Tensor() : ToTensor(live, least, device)};
}

at::Tensor PackedHidden(const Model& model,
                        std::span<const int32_t> tokens,
                        std::span<const int32_t> positions,
                        std::vector<AttentionSegment> segments,
                        std::span<const int64_t> live) {
  auto shared = std::make_shared<const std::vector<AttentionSegment>>(std::move(segments));
  return DecoderHidden(model,
                       PadInput(tokens, positions, live, model.device),
                       PackedAttentionOf(model, std::move(shared), live));
}

}  // namespace restem
