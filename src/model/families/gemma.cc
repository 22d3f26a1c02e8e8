// Gemma 2 and 3.
#include <fmt/format.h>

#include <cmath>

#include "model/families/describe.h"
#include "model/families/keys.h"

namespace restem {
namespace {

// What Gemma 2 and 3 have in common.
absl::Status DescribeGemma(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(RequireFalse(file, "use_bidirectional_attention"));
  RESTEM_ASSIGN_OR_RETURN(const bool bias, GetBoolOr(file, "attention_bias", false));
  config.qkv_bias = config.output_bias = bias;
  // Older files also have a hidden_act, which transformers does not read.
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_activation", "gelu_pytorch_tanh", config));
  RESTEM_ASSIGN_OR_RETURN(config.tie_word_embeddings, GetBoolOr(file, "tie_word_embeddings", true));
  RESTEM_ASSIGN_OR_RETURN(config.attention_scalar, GetRealOr(file, "query_pre_attn_scalar", 256.0));
  if (!(config.attention_scalar > 0.0))
    return Refused(file, "query_pre_attn_scalar", "must be positive");
  config.norm = NormKind::kRmsPlusOne;
  config.norm_after = true;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden_size));
  return absl::OkStatus();
}

absl::StatusOr<double> ReadCap(const JsonFile& file, std::string_view key, double fallback) {
  const double absent = file.value.contains(std::string(key)) ? 0.0 : fallback;
  RESTEM_ASSIGN_OR_RETURN(const double cap, GetRealOr(file, key, absent));
  if (std::isfinite(cap) && cap >= 0.0) return cap;
  return Refused(file, key, "must be positive, or null");
}

}  // namespace

absl::Status DescribeGemma2(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeGemma(file, config));
  RESTEM_ASSIGN_OR_RETURN(config.attention_soft_cap, ReadCap(file, "attn_logit_softcapping", 50.0));
  RESTEM_ASSIGN_OR_RETURN(config.logit_soft_cap, ReadCap(file, "final_logit_softcapping", 30.0));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 4096));
  RESTEM_RETURN_IF_ERROR(ReadLayerTypes(
      file, window, [](int64_t i) { return i % 2 == 0; }, config));
  return ReadOneRope(file, {}, config);
}

// Layers that see everything and layers with a window have frequencies of their own.
absl::Status DescribeGemma3(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeGemma(file, config));
  config.qk_norm = QkNorm::kPerHead;
  RESTEM_ASSIGN_OR_RETURN(const double cap, ReadCap(file, "attn_logit_softcapping", 0.0));
  if (cap != 0.0)
    return Refused(file, "attn_logit_softcapping", "is not supported in Gemma 3, must be null");
  RESTEM_ASSIGN_OR_RETURN(config.logit_soft_cap, ReadCap(file, "final_logit_softcapping", 0.0));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 4096));
  RESTEM_ASSIGN_OR_RETURN(const int64_t pattern, GetIntOr(file, "sliding_window_pattern", 6));
  if (pattern < 1) return Refused(file, "sliding_window_pattern", "must be positive");
  RESTEM_RETURN_IF_ERROR(ReadLayerTypes(
      file, window, [&](int64_t i) { return (i + 1) % pattern != 0; }, config));
  RESTEM_RETURN_IF_ERROR(
      ReadOneRope(file,
                  {.default_theta = 1'000'000.0, .parameters = "rope_parameters.full_attention"},
                  config));
  RESTEM_ASSIGN_OR_RETURN(RopeConfig sliding,
                          ReadRope(file,
                                   {.theta = "rope_local_base_freq",
                                    .scaling = "",
                                    .parameters = "rope_parameters.sliding_attention"},
                                   config));
  if (FindJson(file, "rope_parameters") != nullptr &&
      FindJson(file, "rope_parameters.full_attention") == nullptr) {
    return Refused(file, "rope_parameters", "must have full_attention and sliding_attention");
  }
  config.ropes.push_back(std::move(sliding));
  for (LayerConfig& layer : config.layers) layer.rope = layer.window > 0 ? 1 : 0;
  return absl::OkStatus();
}

}  // namespace restem
