#include "model/weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace restem {
namespace {

constexpr std::string_view kLayers = "model.layers.";

// Calls `visit` for the tensors of one layer.
class LayerVisitor {
 public:
  LayerVisitor(const ModelConfig& config,
               int64_t index,
               const ParameterVisitor& visit,
               const MatrixVisitor& visit_matrix)
      : config_(config),
        prefix_(fmt::format("{}{}.", kLayers, index)),
        experts_(config.layer(index).experts),
        visit_(visit),
        visit_matrix_(visit_matrix) {}

  void run(LayerWeights& layer) {
    const int64_t hidden = config_.hidden_size;
    if (config_.norm_before) norm("input_layernorm", hidden, layer.input_norm);
    attention(layer);
    if (config_.norm_after) norm("post_attention_layernorm", hidden, layer.attention_norm);
    // Llama's name for the norm before the MLP is Gemma's for the one after attention.
    if (config_.norm_before)
      norm(config_.norm_after ? "pre_feedforward_layernorm" : "post_attention_layernorm",
           hidden,
           layer.mlp_input_norm);
    if (experts_) {
      mixture(layer);
    } else {
      mlp("mlp", config_.intermediate_size, config_.mlp_bias, layer.mlp);
    }
    if (config_.norm_after) norm("post_feedforward_layernorm", hidden, layer.mlp_norm);
  }

 private:
  void norm(const char* name, int64_t width, NormWeights& weights) {
    visit_(fmt::format("{}{}.weight", prefix_, name), {width}, weights.weight);
    if (config_.norm == NormKind::kLayer)
      visit_(fmt::format("{}{}.bias", prefix_, name), {width}, weights.bias);
  }

  void linear(const std::string& name,
              int64_t out,
              int64_t in,
              bool has_bias,
              Matrix& weight,
              at::Tensor& bias) {
    const std::string weight_name = fmt::format("{}{}.weight", prefix_, name);
    visit_(weight_name, {out, in}, weight.dense);
    visit_matrix_(weight_name, weight);
    if (has_bias) visit_(fmt::format("{}{}.bias", prefix_, name), {out}, bias);
  }

  void attention(LayerWeights& layer) {
    const int64_t hidden = config_.hidden_size;
    const int64_t q = config_.num_attention_heads * config_.head_dim;
    const int64_t kv = config_.num_key_value_heads * config_.head_dim;
    const bool bias = config_.qkv_bias;
    linear("self_attn.q_proj", q, hidden, bias, layer.q, layer.q_bias);
    linear("self_attn.k_proj", kv, hidden, bias, layer.k, layer.k_bias);
    linear("self_attn.v_proj", kv, hidden, bias, layer.v, layer.v_bias);
    linear("self_attn.o_proj", hidden, q, config_.output_bias, layer.o, layer.o_bias);
    if (config_.qk_norm == QkNorm::kNone) return;
    const bool per_head = config_.qk_norm == QkNorm::kPerHead;
    norm("self_attn.q_norm", per_head ? config_.head_dim : q, layer.q_norm);
    norm("self_attn.k_norm", per_head ? config_.head_dim : kv, layer.k_norm);
  }

  void mlp(const std::string& name, int64_t width, bool bias, MlpWeights& mlp) {
    const int64_t hidden = config_.hidden_size;
    if (config_.gated_mlp)
      linear(name + ".gate_proj", width, hidden, bias, mlp.gate, mlp.gate_bias);
    linear(name + ".up_proj", width, hidden, bias, mlp.up, mlp.up_bias);
    linear(name + ".down_proj", hidden, width, bias, mlp.down, mlp.down_bias);
  }

  void mixture(LayerWeights& layer) {
    const ExpertsConfig& experts = config_.experts;
    at::Tensor none;
    linear("mlp.gate", experts.count, config_.hidden_size, /*has_bias=*/false, layer.router, none);
    layer.experts.resize(static_cast<size_t>(experts.count));
    for (size_t i = 0; i < layer.experts.size(); ++i) {
      mlp(fmt::format("mlp.experts.{}", i),
          experts.intermediate_size,
          /*bias=*/false,
          layer.experts[i]);
    }
  }

  const ModelConfig& config_;
  const std::string prefix_;
  const bool experts_;
  const ParameterVisitor& visit_;
  const MatrixVisitor& visit_matrix_;
};

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
  const int64_t hidden = config.hidden_size;
  visit("model.embed_tokens.weight", {config.vocab_size, hidden}, weights.embed_tokens);
  if (config.learned_positions) {
    visit("model.embed_positions.weight",
          {config.max_position_embeddings, hidden},
          weights.embed_positions);
  }
  const MatrixVisitor no_matrix = [](const std::string&, Matrix&) {};
  for (size_t i = 0; i < weights.layers.size(); ++i)
    LayerVisitor(config, static_cast<int64_t>(i), visit, no_matrix).run(weights.layers[i]);
  visit("model.norm.weight", {hidden}, weights.norm.weight);
  if (config.norm == NormKind::kLayer) visit("model.norm.bias", {hidden}, weights.norm.bias);
  if (!config.tie_word_embeddings)
    visit("lm_head.weight", {config.vocab_size, hidden}, weights.lm_head.dense);
}

void VisitMatrices(const ModelConfig& config, Weights& weights, const MatrixVisitor& visit) {
  const ParameterVisitor no_parameter =
      [](const std::string&, const std::vector<int64_t>&, at::Tensor&) {};
  for (size_t i = 0; i < weights.layers.size(); ++i)
    LayerVisitor(config, static_cast<int64_t>(i), no_parameter, visit).run(weights.layers[i]);
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

std::map<std::string, std::vector<int64_t>> ParameterShapes(const ModelConfig& config) {
  std::map<std::string, std::vector<int64_t>> shapes;
  Weights none;
  VisitParameters(
      config, none, [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor&) {
        shapes[name] = shape;
      });
  return shapes;
}

std::optional<int64_t> LayerOf(std::string_view parameter) {
  if (!parameter.starts_with(kLayers)) return std::nullopt;
  int64_t layer = 0;
  const char* begin = parameter.data() + kLayers.size();
  std::from_chars(begin, parameter.data() + parameter.size(), layer);
  return layer;
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

Weights InitialWeights(const ModelConfig& config, uint64_t seed) {
  Weights weights;
  VisitParameters(
      config,
      weights,
      [&](const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor) {
        if (shape.size() == 1) {
          const bool zero = name.ends_with(".bias") || config.norm == NormKind::kRmsPlusOne;
          tensor = zero ? at::zeros(shape, at::kFloat) : at::ones(shape, at::kFloat);
        } else {
          tensor = NormalTensor(shape,
                                config.initializer_range,
                                RandomStream(seed, StreamPurpose::kInit, 0, name, 0));
        }
      });
  return weights;
}

}  // namespace restem
