#include "model/weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/random.h"

namespace restem {
namespace {

void VisitLayer(const ModelConfig& config,
                const std::string& prefix,
                LayerWeights& layer,
                const ParameterVisitor& visit) {
  const int64_t hidden = config.hidden_size;
  const int64_t mlp = config.intermediate_size;
  const int64_t q = config.num_attention_heads * config.head_dim;
  const int64_t kv = config.num_key_value_heads * config.head_dim;
  const auto linear = [&](const char* name,
                          int64_t out,
                          int64_t in,
                          bool has_bias,
                          Matrix& weight,
                          at::Tensor& bias) {
    visit(fmt::format("{}{}.weight", prefix, name), {out, in}, weight.dense);
    if (has_bias) visit(fmt::format("{}{}.bias", prefix, name), {out}, bias);
  };
  visit(prefix + "input_layernorm.weight", {hidden}, layer.input_norm);
  linear("self_attn.q_proj", q, hidden, config.qkv_bias, layer.q, layer.q_bias);
  linear("self_attn.k_proj", kv, hidden, config.qkv_bias, layer.k, layer.k_bias);
  linear("self_attn.v_proj", kv, hidden, config.qkv_bias, layer.v, layer.v_bias);
  linear("self_attn.o_proj", hidden, q, config.output_bias, layer.o, layer.o_bias);
  visit(prefix + "post_attention_layernorm.weight", {hidden}, layer.post_attention_norm);
  linear("mlp.gate_proj", mlp, hidden, config.mlp_bias, layer.gate, layer.gate_bias);
  linear("mlp.up_proj", mlp, hidden, config.mlp_bias, layer.up, layer.up_bias);
  linear("mlp.down_proj", hidden, mlp, config.mlp_bias, layer.down, layer.down_bias);
}

// Standard normal numbers by Box-Muller, two to a counter.
at::Tensor NormalTensor(const std::vector<int64_t>& shape,
                        double deviation,
                        const RandomStream& stream) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  auto* values = tensor.mutable_data_ptr<float>();
  const int64_t count = tensor.numel();
  for (int64_t i = 0; i < count; i += 2) {
    const auto words = stream.at(static_cast<uint64_t>(i / 2));
    const double radius = std::sqrt(-2.0 * std::log((words[0] + 0.5) * 0x1p-32));
    const double angle = 2.0 * std::numbers::pi * (words[1] * 0x1p-32);
    values[i] = static_cast<float>(deviation * radius * std::cos(angle));
    if (i + 1 < count) values[i + 1] = static_cast<float>(deviation * radius * std::sin(angle));
  }
  return tensor;
}

}  // namespace

void VisitParameters(const ModelConfig& config, Weights& weights, const ParameterVisitor& visit) {
  weights.layers.resize(static_cast<size_t>(config.num_hidden_layers));
  visit("model.embed_tokens.weight", {config.vocab_size, config.hidden_size}, weights.embed_tokens);
  for (size_t i = 0; i < weights.layers.size(); ++i) {
    VisitLayer(config, fmt::format("model.layers.{}.", i), weights.layers[i], visit);
  }
  visit("model.norm.weight", {config.hidden_size}, weights.norm);
  if (!config.tie_word_embeddings)
    visit("lm_head.weight", {config.vocab_size, config.hidden_size}, weights.lm_head.dense);
}

std::vector<Parameter> Parameters(const ModelConfig& config, const Weights& weights) {
  std::vector<Parameter> parameters;
  Weights view = weights;  // handles only: tensors are shared
  VisitParameters(
      config, view, [&](const std::string& name, const std::vector<int64_t>&, at::Tensor& tensor) {
        parameters.push_back({name, tensor});
      });
  return parameters;
}

Weights MapWeights(const ModelConfig& config,
                   const Weights& weights,
                   const std::function<at::Tensor(const at::Tensor&)>& map) {
  Weights mapped = weights;
  VisitParameters(
      config, mapped, [&](const std::string&, const std::vector<int64_t>&, at::Tensor& tensor) {
        tensor = map(tensor);
      });
  return mapped;
}

Weights PackedWeights(Weights weights, bool keep_dense) {
  weights.lm_head.packed =
      std::make_shared<const PackedMatrix>(weights.output_embedding().dense.detach());
  if (!keep_dense) weights.lm_head.dense.reset();
  for (LayerWeights& layer : weights.layers) {
    for (Matrix* matrix :
         {&layer.q, &layer.k, &layer.v, &layer.o, &layer.gate, &layer.up, &layer.down}) {
      matrix->packed = std::make_shared<const PackedMatrix>(matrix->dense);
      if (!keep_dense) matrix->dense.reset();
    }
  }
  return weights;
}

Weights InitialWeights(const ModelConfig& config, uint64_t seed) {
  Weights weights;
  VisitParameters(
      config,
      weights,
      [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor) {
        if (shape.size() == 1) {
          tensor =
              name.ends_with(".bias") ? at::zeros(shape, at::kFloat) : at::ones(shape, at::kFloat);
        } else {
          tensor = NormalTensor(shape,
                                config.initializer_range,
                                RandomStream(seed, StreamPurpose::kInit, 0, name, 0));
        }
      });
  return weights;
}

}  // namespace restem
