#include "model/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "io/hf_config.h"
#include "model/weights.h"

namespace restem {
namespace {

// The families this version computes, and what tells them apart from one another.
struct Family {
  std::string_view model_type;
  std::string_view architecture;
  bool qkv_bias;  // always, whatever the config says
};
constexpr Family kFamilies[] = {
    {"llama", "LlamaForCausalLM", false},
    {"qwen2", "Qwen2ForCausalLM", true},
};

absl::StatusOr<const Family*> FamilyOf(const JsonFile& file) {
  RESTEM_ASSIGN_OR_RETURN(const std::string type, GetText(file, "model_type"));
  for (const Family& family : kFamilies) {
    if (family.model_type == type) return &family;
  }
  return InvalidInput(
      fmt::format("{}: model_type: unknown architecture \"{}\"; this version knows llama and qwen2",
                  file.path,
                  type));
}

// Features that would change the result and are not implemented: refused by name.
absl::Status CheckFeatures(const JsonFile& file) {
  RESTEM_ASSIGN_OR_RETURN(const std::string activation, GetTextOr(file, "hidden_act", "silu"));
  if (activation != "silu" && activation != "swish") {
    return InvalidInput(fmt::format(
        "{}: hidden_act: \"{}\" is not supported, must be silu", file.path, activation));
  }
  RESTEM_ASSIGN_OR_RETURN(const bool sliding, GetBoolOr(file, "use_sliding_window", false));
  if (sliding)
    return InvalidInput(
        fmt::format("{}: use_sliding_window: sliding windows are not supported", file.path));
  if (FindJson(file, "quantization_config") != nullptr) {
    return InvalidInput(
        fmt::format("{}: quantization_config: quantized weights are not supported", file.path));
  }
  RESTEM_ASSIGN_OR_RETURN(const double dropout, GetRealOr(file, "attention_dropout", 0.0));
  if (dropout != 0.0)
    return InvalidInput(
        fmt::format("{}: attention_dropout: {} is not supported, must be 0", file.path, dropout));
  return absl::OkStatus();
}

// `rope_theta` with `rope_scaling`, or the `rope_parameters` that transformers 5 writes.
absl::StatusOr<double> ReadRopeTheta(const JsonFile& file) {
  for (const std::string_view section : {"rope_scaling", "rope_parameters"}) {
    for (const std::string_view key : {"rope_type", "type"}) {
      RESTEM_ASSIGN_OR_RETURN(const std::string type,
                              GetTextOr(file, fmt::format("{}.{}", section, key), "default"));
      if (type != "default") {
        return InvalidInput(
            fmt::format("{}: {}: RoPE scaling of type \"{}\" is not supported, must be default",
                        file.path,
                        section,
                        type));
      }
    }
  }
  RESTEM_ASSIGN_OR_RETURN(const double theta, GetRealOr(file, "rope_theta", 10000.0));
  RESTEM_ASSIGN_OR_RETURN(const double inner, GetRealOr(file, "rope_parameters.rope_theta", theta));
  if (inner > 0.0 && std::isfinite(inner)) return inner;
  return InvalidInput(fmt::format("{}: rope_theta: {} must be positive", file.path, inner));
}

constexpr int64_t kMaxSize = std::numeric_limits<int32_t>::max();

absl::StatusOr<int64_t> GetPositive(const JsonFile& file, std::string_view key) {
  RESTEM_ASSIGN_OR_RETURN(const int64_t value, GetInt(file, key));
  if (value >= 1 && value <= kMaxSize) return value;
  return InvalidInput(fmt::format(
      "{}: {}: {} is out of range, must be from 1 to {}", file.path, key, value, kMaxSize));
}

constexpr int64_t kMaxHeadDim = 1 << 16;

absl::Status ReadSizes(const JsonFile& file, ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(config.vocab_size, GetPositive(file, "vocab_size"));
  RESTEM_ASSIGN_OR_RETURN(config.hidden_size, GetPositive(file, "hidden_size"));
  RESTEM_ASSIGN_OR_RETURN(config.intermediate_size, GetPositive(file, "intermediate_size"));
  RESTEM_ASSIGN_OR_RETURN(config.num_hidden_layers, GetPositive(file, "num_hidden_layers"));
  RESTEM_ASSIGN_OR_RETURN(config.num_attention_heads, GetPositive(file, "num_attention_heads"));
  RESTEM_ASSIGN_OR_RETURN(config.max_position_embeddings,
                          GetPositive(file, "max_position_embeddings"));
  RESTEM_ASSIGN_OR_RETURN(config.num_key_value_heads,
                          GetIntOr(file, "num_key_value_heads", config.num_attention_heads));
  RESTEM_ASSIGN_OR_RETURN(
      config.head_dim, GetIntOr(file, "head_dim", config.hidden_size / config.num_attention_heads));
  if (config.num_key_value_heads < 1 ||
      config.num_attention_heads % config.num_key_value_heads != 0) {
    return InvalidInput(
        fmt::format("{}: num_key_value_heads: {} must divide num_attention_heads, which is {}",
                    file.path,
                    config.num_key_value_heads,
                    config.num_attention_heads));
  }
  if (config.head_dim < 2 || config.head_dim % 2 != 0 || config.head_dim > kMaxHeadDim) {
    return InvalidInput(fmt::format("{}: head_dim: {} must be an even number from 2 to {}",
                                    file.path,
                                    config.head_dim,
                                    kMaxHeadDim));
  }
  return absl::OkStatus();
}

}  // namespace

bool ModelConfig::is_eos(int32_t token) const {
  return std::find(eos_token_ids.begin(), eos_token_ids.end(), token) != eos_token_ids.end();
}

int64_t ModelConfig::parameter_count() const {
  int64_t count = 0;
  Weights none;
  VisitParameters(
      *this, none, [&](const std::string&, const std::vector<int64_t>& shape, at::Tensor&) {
        int64_t size = 1;
        for (const int64_t extent : shape) size *= extent;
        count += size;
      });
  return count;
}

absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& dir) {
  RESTEM_ASSIGN_OR_RETURN(const HfConfig hf, ReadHfConfig(dir));
  const JsonFile& file = hf.config;
  RESTEM_ASSIGN_OR_RETURN(const Family* family, FamilyOf(file));
  RESTEM_RETURN_IF_ERROR(CheckFeatures(file));
  ModelConfig config;
  config.model_type = family->model_type;
  RESTEM_RETURN_IF_ERROR(ReadSizes(file, config));
  RESTEM_ASSIGN_OR_RETURN(config.rms_norm_eps, GetRealOr(file, "rms_norm_eps", 1e-6));
  RESTEM_ASSIGN_OR_RETURN(config.rope_theta, ReadRopeTheta(file));
  RESTEM_ASSIGN_OR_RETURN(config.initializer_range, GetRealOr(file, "initializer_range", 0.02));
  RESTEM_ASSIGN_OR_RETURN(config.tie_word_embeddings,
                          GetBoolOr(file, "tie_word_embeddings", false));
  RESTEM_ASSIGN_OR_RETURN(const bool attention_bias, GetBoolOr(file, "attention_bias", false));
  config.qkv_bias = family->qkv_bias || attention_bias;
  config.output_bias = !family->qkv_bias && attention_bias;
  RESTEM_ASSIGN_OR_RETURN(config.mlp_bias, GetBoolOr(file, "mlp_bias", false));
  RESTEM_ASSIGN_OR_RETURN(const std::string old_dtype, GetTextOr(file, "torch_dtype", "float32"));
  RESTEM_ASSIGN_OR_RETURN(const std::string dtype, GetTextOr(file, "dtype", old_dtype));
  config.stored_bfloat16 = dtype == "bfloat16";
  RESTEM_ASSIGN_OR_RETURN(const std::vector<int64_t> eos, EosTokenIds(hf));
  for (const int64_t id : eos) {
    if (id < 0 || id > kMaxSize)
      return InvalidInput(fmt::format("{}: eos_token_id: {} cannot be a token id", dir, id));
    config.eos_token_ids.push_back(static_cast<int32_t>(id));
  }
  return config;
}

}  // namespace restem
