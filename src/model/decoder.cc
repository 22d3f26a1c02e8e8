#include "model/decoder.h"

#include <ATen/ops/add.h>
#include <ATen/ops/embedding.h>

#include <cmath>

#include "ops/linear.h"
#include "ops/rms_norm.h"
#include "ops/swiglu.h"

namespace restem {
namespace {

at::Tensor AttentionBlock(const Model& model,
                          const LayerWeights& layer,
                          int64_t index,
                          const at::Tensor& x,
                          const at::Tensor& positions,
                          const AttentionFn& attention) {
  const ModelConfig& config = model.config;
  const int64_t rows = x.size(0);
  const auto split_heads = [&](const at::Tensor& t, int64_t heads) {
    return t.view({rows, heads, config.head_dim});
  };
  const at::Tensor q = split_heads(Linear(x, layer.q, layer.q_bias), config.num_attention_heads);
  const at::Tensor k = split_heads(Linear(x, layer.k, layer.k_bias), config.num_key_value_heads);
  const at::Tensor v = split_heads(Linear(x, layer.v, layer.v_bias), config.num_key_value_heads);
  const at::Tensor attended =
      attention(index, Rope(q, positions, model.rope), Rope(k, positions, model.rope), v);
  return Linear(
      attended.view({rows, config.num_attention_heads * config.head_dim}), layer.o, layer.o_bias);
}

at::Tensor MlpBlock(const LayerWeights& layer, const at::Tensor& x) {
  const at::Tensor gate = Linear(x, layer.gate, layer.gate_bias);
  const at::Tensor up = Linear(x, layer.up, layer.up_bias);
  return Linear(Swiglu(gate, up), layer.down, layer.down_bias);
}

}  // namespace

at::Tensor DecoderHidden(const Model& model,
                         const at::Tensor& tokens,
                         const at::Tensor& positions,
                         const AttentionFn& attention) {
  const double eps = model.config.rms_norm_eps;
  at::Tensor x = at::embedding(model.weights.embed_tokens, tokens).to(at::kFloat);
  for (size_t i = 0; i < model.weights.layers.size(); ++i) {
    const LayerWeights& layer = model.weights.layers[i];
    const at::Tensor attended = AttentionBlock(model,
                                               layer,
                                               static_cast<int64_t>(i),
                                               RmsNorm(x, layer.input_norm, eps),
                                               positions,
                                               attention);
    x = at::add(x, attended);
    x = at::add(x, MlpBlock(layer, RmsNorm(x, layer.post_attention_norm, eps)));
  }
  return RmsNorm(x, model.weights.norm, eps);
}

double AttentionScale(const ModelConfig& config) {
  return 1.0 / std::sqrt(static_cast<double>(config.head_dim));
}

}  // namespace restem
