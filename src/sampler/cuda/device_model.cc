#include "sampler/cuda/device_model.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <string_view>

#include "ops/low_rank.h"

namespace restem::cuda {
namespace {

// What this engine's kernels do not compute, by name; empty: nothing.
std::string_view MissingOnGpu(const ModelConfig& config) {
  if (config.norm != NormKind::kRms || !config.norm_before || config.norm_after)
    return "its norms: they must be RMS norms before attention and MLP";
  if (config.qk_norm != QkNorm::kNone) return "norms of queries and keys";
  if (config.experts.count > 0) return "experts";
  if (!config.gated_mlp) return "an MLP without a gate";
  if (config.learned_positions) return "learned positions";
  if (config.embedding_scale != 1.0) return "scaled embeddings";
  if (config.attention_soft_cap != 0.0 || config.logit_soft_cap != 0.0) return "soft caps";
  for (const LayerConfig& layer : config.layers) {
    if (layer.window > 0 && layer.window < config.max_position_embeddings) return "sliding windows";
    if (layer.rope != 0) return "layers with another rotary embedding, or none";
  }
  if (config.ropes.size() != 1 ||
      static_cast<int64_t>(config.ropes[0].frequencies.size()) * 2 != config.head_dim)
    return "a rotary embedding of a part of each head";
  return "";
}

// What kernels/paged_attention.h, rms_norm.h and glu.h ask for.
absl::Status CheckShape(const ModelConfig& config) {
  const auto refuse = [](std::string_view what, int64_t value, std::string_view wanted) {
    return InvalidInput(fmt::format(
        "device: cuda: the model's {} is {}; its kernels need {}", what, value, wanted));
  };
  if (const std::string_view missing = MissingOnGpu(config); !missing.empty()) {
    return InvalidInput(fmt::format(
        "device: cuda: {} models are computed on the CPU only: the GPU's engine does not have {}",
        config.model_type,
        missing));
  }
  if (config.head_dim % 8 != 0 || config.head_dim > 256)
    return refuse("head_dim", config.head_dim, "a multiple of 8 up to 256");
  if (config.hidden_size % 4 != 0)
    return refuse("hidden_size", config.hidden_size, "a multiple of 4");
  if (config.intermediate_size % 4 != 0)
    return refuse("intermediate_size", config.intermediate_size, "a multiple of 4");
  const int64_t group = config.num_attention_heads / config.num_key_value_heads;
  if (group > 8) return refuse("number of heads for each KV head", group, "at most 8");
  return absl::OkStatus();
}

// Copies tensors to the GPU and keeps their memory.
class Uploader {
 public:
  explicit Uploader(std::vector<DeviceBuffer>& memory) : memory_(memory) {}

  // Null if undefined, and after the first error.
  const void* copy(const at::Tensor& tensor) {
    if (!tensor.defined() || !status_.ok()) return nullptr;
    const at::Tensor dense = tensor.contiguous();
    const auto bytes = static_cast<int64_t>(dense.nbytes());
    auto buffer = AllocateDevice(bytes, "weights");
    status_ = buffer.status();
    if (status_.ok()) status_ = Upload(dense.const_data_ptr(), bytes, buffer->data());
    if (!status_.ok()) return nullptr;
    memory_.push_back(*std::move(buffer));
    return memory_.back().data();
  }
  const float* vector(const at::Tensor& tensor) { return static_cast<const float*>(copy(tensor)); }
  // Biases of a product that is several of the model's; where only some have one, zeros.
  const float* biases(std::initializer_list<at::Tensor> parts,
                      std::initializer_list<int64_t> lengths) {
    std::vector<at::Tensor> whole;
    bool any = false;
    auto length = lengths.begin();
    for (const at::Tensor& part : parts) {
      any = any || part.defined();
      whole.push_back(part.defined() ? part : at::zeros({*length}, at::kFloat));
      ++length;
    }
    return any ? vector(at::cat(whole)) : nullptr;
  }
  const absl::Status& status() const { return status_; }

 private:
  std::vector<DeviceBuffer>& memory_;
  absl::Status status_;
};

DeviceLayer UploadLayer(const ModelConfig& config, const LayerWeights& layer, Uploader& uploader) {
  const auto merged = [](const Matrix& matrix) { return Merged(matrix.dense, matrix.low_rank); };
  const int64_t kv = config.num_key_value_heads * config.head_dim;
  const int64_t inner = config.intermediate_size;
  return {
      .input_norm = uploader.vector(layer.input_norm.weight),
      .qkv = uploader.copy(at::cat({merged(layer.q), merged(layer.k), merged(layer.v)})),
      .qkv_bias = uploader.biases({layer.q_bias, layer.k_bias, layer.v_bias},
                                  {config.num_attention_heads * config.head_dim, kv, kv}),
      .o = uploader.copy(merged(layer.o)),
      .o_bias = uploader.vector(layer.o_bias),
      .mlp_input_norm = uploader.vector(layer.mlp_input_norm.weight),
      .gate_up = uploader.copy(at::cat({merged(layer.mlp.gate), merged(layer.mlp.up)})),
      .gate_up_bias = uploader.biases({layer.mlp.gate_bias, layer.mlp.up_bias}, {inner, inner}),
      .down = uploader.copy(merged(layer.mlp.down)),
      .down_bias = uploader.vector(layer.mlp.down_bias),
  };
}

}  // namespace

absl::StatusOr<DeviceModel> UploadModel(const Model& model, int64_t parts) {
  const ModelConfig& config = model.config;
  const Weights& weights = model.weights;
  RESTEM_RETURN_IF_ERROR(CheckShape(config));
  DeviceModel result;
  result.config = config;
  result.parts = parts;
  result.first_token = model.first_token;
  result.vocabulary = parts > 1 ? model.vocabulary : config.vocab_size;
  result.precision = weights.embed_tokens.scalar_type() == at::kFloat
                         ? kernels::Precision::kFloat32
                         : kernels::Precision::kBfloat16;
  result.attention = {config.num_attention_heads,
                      config.num_key_value_heads,
                      config.head_dim,
                      static_cast<float>(AttentionRuleOf(config, 0).scale)};
  Uploader uploader(result.memory);
  result.embed_tokens = uploader.copy(weights.embed_tokens);
  for (const LayerWeights& layer : weights.layers)
    result.layers.push_back(UploadLayer(config, layer, uploader));
  result.norm = uploader.vector(weights.norm.weight);
  result.lm_head =
      config.tie_word_embeddings ? result.embed_tokens : uploader.copy(weights.lm_head.dense);
  const auto [cosines, sines] = model.ropes[0].view(config.max_position_embeddings);
  result.cosines = uploader.vector(cosines);
  result.sines = uploader.vector(sines);
  RESTEM_RETURN_IF_ERROR(uploader.status());
  return result;
}

}  // namespace restem::cuda
