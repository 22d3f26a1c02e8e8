// Llama and those close to it: Mistral, SmolLM 3, Phi-3, OLMo 2.
#include <fmt/format.h>

#include <vector>

#include "model/families/describe.h"
#include "model/families/keys.h"

namespace restem {

namespace {

absl::Status DescribeWithTheta(const JsonFile& file, double theta, ModelConfig& config) {
  RESTEM_ASSIGN_OR_RETURN(const bool bias, GetBoolOr(file, "attention_bias", false));
  config.qkv_bias = config.output_bias = bias;
  RESTEM_ASSIGN_OR_RETURN(config.mlp_bias, GetBoolOr(file, "mlp_bias", false));
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_act", "silu", config));
  return ReadOneRope(file, {.default_theta = theta}, config);
}

}  // namespace

absl::Status DescribeLlama(const JsonFile& file, ModelConfig& config) {
  return DescribeWithTheta(file, /*theta=*/10000.0, config);
}

absl::Status DescribeMistral(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_act", "silu", config));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 4096));
  config.layers.assign(static_cast<size_t>(config.num_hidden_layers), {.window = window});
  return ReadOneRope(file, {}, config);
}

absl::Status DescribeSmolLm3(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeWithTheta(file, /*theta=*/2'000'000.0, config));
  RESTEM_ASSIGN_OR_RETURN(config.tie_word_embeddings, GetBoolOr(file, "tie_word_embeddings", true));
  RESTEM_ASSIGN_OR_RETURN(const int64_t interval, GetIntOr(file, "no_rope_layer_interval", 4));
  std::vector<int64_t> rotated;
  if (FindJson(file, "no_rope_layers") != nullptr) {
    RESTEM_ASSIGN_OR_RETURN(rotated, GetInts(file, "no_rope_layers"));
    if (static_cast<int64_t>(rotated.size()) != config.num_hidden_layers)
      return Refused(file, "no_rope_layers", "must have an entry for each layer");
  }
  if (interval < 1) return Refused(file, "no_rope_layer_interval", "must be positive");
  RESTEM_ASSIGN_OR_RETURN(const bool slides, GetBoolOr(file, "use_sliding_window", false));
  RESTEM_ASSIGN_OR_RETURN(const int64_t given, ReadWindow(file, 0));
  const int64_t window = slides ? given : 0;
  const auto is_rotated = [&](int64_t i) {
    return rotated.empty() ? (i + 1) % interval != 0 : rotated[static_cast<size_t>(i)] != 0;
  };
  RESTEM_RETURN_IF_ERROR(ReadLayerTypes(
      file, window, [&](int64_t i) { return window > 0 && !is_rotated(i); }, config));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i)
    if (!is_rotated(i)) config.layers[static_cast<size_t>(i)].rope = -1;
  return absl::OkStatus();
}

absl::Status DescribePhi3(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_act", "silu", config));
  RESTEM_RETURN_IF_ERROR(RequireFalse(file, "attention_bias"));
  RESTEM_ASSIGN_OR_RETURN(config.norm_eps, GetRealOr(file, "rms_norm_eps", 1e-5));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 0));
  config.layers.assign(static_cast<size_t>(config.num_hidden_layers), {.window = window});
  return ReadOneRope(file, {.partial = true}, config);
}

absl::Status DescribeOlmo2(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeLlama(file, config));
  if (config.mlp_bias) return Refused(file, "mlp_bias", "true is not supported");
  RESTEM_ASSIGN_OR_RETURN(config.norm_eps, GetRealOr(file, "rms_norm_eps", 1e-5));
  config.norm_before = false;
  config.norm_after = true;
  config.qk_norm = QkNorm::kAllHeads;
  return absl::OkStatus();
}

}  // namespace restem
