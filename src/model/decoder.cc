#include "model/decoder.h"

#include <ATen/ops/add.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/index_select.h>

#include <cmath>

#include "ops/gather_rows.h"
#include "ops/linear.h"
#include "ops/rms_norm.h"
#include "ops/swiglu.h"

namespace restem {
namespace {

// The rows that a layer answers for; each of its inputs has a row for every key.
struct LiveRows {
  at::Tensor index;      // undefined: all rows
  at::Tensor positions;  // [live]

  at::Tensor of(const at::Tensor& x) const { return index.defined() ? GatherRows(x, index) : x; }
};

at::Tensor AttentionBlock(const Model& model,
                          int64_t index,
                          const at::Tensor& x,
                          const at::Tensor& positions,
                          const LiveRows& live,
                          const AttentionFn& attention) {
  const ModelConfig& config = model.config;
  const LayerWeights& layer = model.weights.layers[static_cast<size_t>(index)];
  const auto split_heads = [&](const at::Tensor& t, int64_t heads) {
    return t.view({t.size(0), heads, config.head_dim});
  };
  const at::Tensor q =
      split_heads(Linear(live.of(x), layer.q, layer.q_bias), config.num_attention_heads);
  const at::Tensor k = split_heads(Linear(x, layer.k, layer.k_bias), config.num_key_value_heads);
  const at::Tensor v = split_heads(Linear(x, layer.v, layer.v_bias), config.num_key_value_heads);
  const at::Tensor attended =
      attention(index, Rope(q, live.positions, model.rope), Rope(k, positions, model.rope), v);
  return Linear(attended.view({q.size(0), config.num_attention_heads * config.head_dim}),
                layer.o,
                layer.o_bias);
}

at::Tensor MlpBlock(const LayerWeights& layer, const at::Tensor& x) {
  const at::Tensor gate = Linear(x, layer.gate, layer.gate_bias);
  const at::Tensor up = Linear(x, layer.up, layer.up_bias);
  return Linear(Swiglu(gate, up), layer.down, layer.down_bias);
}

}  // namespace

at::Tensor DecoderHidden(const Model& model,
                         const DecoderInput& input,
                         const AttentionFn& attention) {
  const double eps = model.config.rms_norm_eps;
  const auto layers = static_cast<int64_t>(model.weights.layers.size());
  LiveRows live = {{}, input.positions};
  at::Tensor x = at::embedding(model.weights.embed_tokens, input.tokens).to(at::kFloat);
  for (int64_t i = 0; i < layers; ++i) {
    const LayerWeights& layer = model.weights.layers[static_cast<size_t>(i)];
    if (i + 1 == layers && input.live.defined()) {
      live = {input.live, at::index_select(input.positions, 0, input.live)};
    }
    const at::Tensor attended = AttentionBlock(
        model, i, RmsNorm(x, layer.input_norm, eps), input.positions, live, attention);
    x = at::add(live.of(x), attended);
    x = at::add(x, MlpBlock(layer, RmsNorm(x, layer.post_attention_norm, eps)));
  }
  return RmsNorm(x, model.weights.norm, eps);
}

double AttentionScale(const ModelConfig& config) {
  return 1.0 / std::sqrt(static_cast<double>(config.head_dim));
}

}  // namespace restem
