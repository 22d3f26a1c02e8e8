#include "model/decoder.h"

#include <ATen/ops/add.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sub.h>

#include <cmath>

#include "model/experts.h"
#include "ops/gather_rows.h"
#include "ops/linear.h"
#include "ops/rms_norm.h"

namespace restem {
namespace {

// The rows that a layer answers for; each of its inputs has a row for every key.
struct LiveRows {
  at::Tensor index;      // undefined: all rows
  at::Tensor positions;  // [live]

  at::Tensor of(const at::Tensor& x) const { return index.defined() ? GatherRows(x, index) : x; }
};

// Where the model has no norm, x itself.
at::Tensor Norm(const ModelConfig& config, const NormWeights& norm, const at::Tensor& x) {
  if (!norm.weight.defined()) return x;
  switch (config.norm) {
    case NormKind::kRms:
      return RmsNorm(x, norm.weight, config.norm_eps);
    case NormKind::kRmsPlusOne:
      return RmsNorm(x, at::add(norm.weight, 1.0), config.norm_eps);
    case NormKind::kLayer:
      break;
  }
  return at::layer_norm(x, {x.size(1)}, norm.weight, norm.bias, config.norm_eps);
}

// Queries or keys [rows, heads·head_dim] as heads, normalized and turned.
at::Tensor Heads(const Model& model,
                 const NormWeights& norm,
                 int64_t rope,
                 const at::Tensor& positions,
                 const at::Tensor& x) {
  const ModelConfig& config = model.config;
  const int64_t count = x.size(1) / config.head_dim;
  at::Tensor normed = x;
  if (config.qk_norm == QkNorm::kPerHead) {
    normed = Norm(config, norm, x.view({x.size(0) * count, config.head_dim}));
  } else if (config.qk_norm == QkNorm::kAllHeads) {
    normed = Norm(config, norm, x);
  }
  const at::Tensor heads = normed.view({x.size(0), count, config.head_dim});
  return rope < 0 ? heads : Rope(heads, positions, model.ropes[static_cast<size_t>(rope)]);
}

// What all ranks with parts of the model have alike, on the way into this one's; and the sum of
// what they make of it. Of a whole model both are x.
at::Tensor Into(const Model& model, const at::Tensor& x) {
  return model.parts == nullptr ? x : IntoParts(*model.parts, x);
}
at::Tensor SumOf(const Model& model, const at::Tensor& x) {
  return model.parts == nullptr ? x : SumOfParts(*model.parts, x);
}

at::Tensor AttentionBlock(const Model& model,
                          int64_t index,
                          const at::Tensor& normed,
                          const at::Tensor& positions,
                          const LiveRows& live,
                          const AttentionFn& attention) {
  const ModelConfig& config = model.config;
  const LayerWeights& layer = model.weights.layers[static_cast<size_t>(index)];
  const int64_t rope = config.layer(index).rope;
  const at::Tensor x = OperandOf(Into(model, normed), layer.q);
  const at::Tensor q = Linear(live.of(x), layer.q, layer.q_bias);
  const at::Tensor k = Linear(x, layer.k, layer.k_bias);
  const at::Tensor v = Linear(x, layer.v, layer.v_bias);
  const at::Tensor attended =
      attention(index,
                Heads(model, layer.q_norm, rope, live.positions, q),
                Heads(model, layer.k_norm, rope, positions, k),
                v.view({v.size(0), config.num_key_value_heads, config.head_dim}));
  const at::Tensor heads =
      attended.view({attended.size(0), config.num_attention_heads * config.head_dim});
  return SumOf(model, Linear(heads, layer.o, AddedOnce(model.parts.get(), layer.o_bias)));
}

// Rows of the embedding; of tokens that other parts have, zeros.
at::Tensor TokenEmbeddings(const Model& model, const at::Tensor& tokens) {
  const at::Tensor& embedding = model.weights.embed_tokens;
  if (model.parts == nullptr) return at::embedding(embedding, tokens).to(at::kFloat);
  const at::Tensor own = at::sub(tokens, model.first_token);
  const at::Tensor row = at::clamp(own, 0, embedding.size(0) - 1);
  const at::Tensor is_here = own.eq(row).to(at::kFloat).unsqueeze(1);
  return SumOf(model, at::mul(at::embedding(embedding, row).to(at::kFloat), is_here));
}

}  // namespace

at::Tensor EmbedRows(const Model& model, const DecoderInput& input) {
  const ModelConfig& config = model.config;
  const Weights& weights = model.weights;
  at::Tensor x = TokenEmbeddings(model, input.tokens);
  if (config.embedding_scale != 1.0) {
    // As the model was trained: in its own precision.
    const at::Tensor scale =
        at::full({}, config.embedding_scale, weights.embed_tokens.options().requires_grad(false));
    x = at::mul(x, scale.to(at::kFloat));
  }
  if (!config.learned_positions) return x;
  return at::add(x, at::embedding(weights.embed_positions, input.positions).to(at::kFloat));
}

at::Tensor DecoderLayer(const Model& model,
                        int64_t index,
                        const DecoderInput& input,
                        const at::Tensor& x,
                        const AttentionFn& attention) {
  const ModelConfig& config = model.config;
  const LayerWeights& layer = model.weights.layers[static_cast<size_t>(index)];
  const bool narrows = index + 1 == config.num_hidden_layers && input.live.defined();
  const LiveRows live = narrows
                            ? LiveRows{input.live, at::index_select(input.positions, 0, input.live)}
                            : LiveRows{{}, input.positions};
  const at::Tensor attended = AttentionBlock(
      model, index, Norm(config, layer.input_norm, x), input.positions, live, attention);
  const at::Tensor y = at::add(live.of(x), Norm(config, layer.attention_norm, attended));
  const at::Tensor inner = Into(model, Norm(config, layer.mlp_input_norm, y));
  const at::Tensor computed = config.layer(index).experts
                                  ? MixtureOfExperts(config, layer, inner)
                                  : Mlp(config.activation, layer.mlp, inner, model.parts.get());
  return at::add(y, Norm(config, layer.mlp_norm, SumOf(model, computed)));
}

at::Tensor FinalNorm(const Model& model, const at::Tensor& x) {
  return Norm(model.config, model.weights.norm, x);
}

at::Tensor DecoderHidden(const Model& model,
                         const DecoderInput& input,
                         const AttentionFn& attention) {
  at::Tensor x = EmbedRows(model, input);
  for (int64_t i = 0; i < model.config.num_hidden_layers; ++i)
    x = DecoderLayer(model, i, input, x, attention);
  return FinalNorm(model, x);
}

AttentionRule AttentionRuleOf(const ModelConfig& config, int64_t layer) {
  const double scalar = config.attention_scalar > 0.0 ? config.attention_scalar
                                                      : static_cast<double>(config.head_dim);
  return {1.0 / std::sqrt(scalar), config.attention_soft_cap, config.layer(layer).window};
}

std::vector<RopeTable> RopeTables(const ModelConfig& config) {
  std::vector<RopeTable> tables;
  for (const RopeConfig& rope : config.ropes)
    tables.emplace_back(config.max_position_embeddings, rope.frequencies, rope.factor);
  return tables;
}

}  // namespace restem
