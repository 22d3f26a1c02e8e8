// Qwen 2 and 3, and the mixtures of experts.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "model/families/describe.h"
#include "model/families/keys.h"

namespace restem {
namespace {

absl::StatusOr<int64_t> ReadUsedWindow(const JsonFile& file) {
  RESTEM_ASSIGN_OR_RETURN(const bool used, GetBoolOr(file, "use_sliding_window", false));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 4096));
  return used ? window : 0;
}

absl::Status ReadExperts(const JsonFile& file,
                         std::string_view count,
                         std::string_view size,
                         ModelConfig& config) {
  ExpertsConfig& experts = config.experts;
  RESTEM_ASSIGN_OR_RETURN(experts.count, GetInt(file, count));
  RESTEM_ASSIGN_OR_RETURN(experts.per_token, GetInt(file, "num_experts_per_tok"));
  RESTEM_ASSIGN_OR_RETURN(experts.intermediate_size, GetInt(file, size));
  if (experts.count < 1 || experts.count > 65536)
    return Refused(file, count, "must be from 1 to 65536");
  if (experts.per_token < 1 || experts.per_token > experts.count)
    return Refused(file, "num_experts_per_tok", fmt::format("must be from 1 to {}", experts.count));
  if (experts.intermediate_size < 1 || experts.intermediate_size > INT32_MAX)
    return Refused(file, size, "must be positive");
  return absl::OkStatus();
}

}  // namespace

absl::Status DescribeQwen2(const JsonFile& file, ModelConfig& config) {
  config.qkv_bias = true;
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_act", "silu", config));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadUsedWindow(file));
  RESTEM_ASSIGN_OR_RETURN(const int64_t full, GetIntOr(file, "max_window_layers", 28));
  RESTEM_RETURN_IF_ERROR(ReadLayerTypes(
      file, window, [&](int64_t i) { return window > 0 && i >= full; }, config));
  return ReadOneRope(file, {}, config);
}

absl::Status DescribeQwen3(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeQwen2(file, config));
  RESTEM_ASSIGN_OR_RETURN(const bool bias, GetBoolOr(file, "attention_bias", false));
  config.qkv_bias = config.output_bias = bias;
  config.qk_norm = QkNorm::kPerHead;
  return absl::OkStatus();
}

absl::Status DescribeQwen3Moe(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(DescribeQwen3(file, config));
  // transformers 5 writes num_local_experts.
  const bool old = FindJson(file, "num_experts") != nullptr;
  RESTEM_RETURN_IF_ERROR(ReadExperts(
      file, old ? "num_experts" : "num_local_experts", "moe_intermediate_size", config));
  RESTEM_ASSIGN_OR_RETURN(config.experts.normalize, GetBoolOr(file, "norm_topk_prob", false));
  RESTEM_ASSIGN_OR_RETURN(const int64_t step, GetIntOr(file, "decoder_sparse_step", 1));
  if (step < 1) return Refused(file, "decoder_sparse_step", "must be positive");
  std::vector<int64_t> dense;
  if (FindJson(file, "mlp_only_layers") != nullptr) {
    RESTEM_ASSIGN_OR_RETURN(dense, GetInts(file, "mlp_only_layers"));
  }
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadUsedWindow(file));
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    LayerConfig& layer = config.layers[static_cast<size_t>(i)];
    layer.window = window;
    layer.experts = (i + 1) % step == 0 && std::find(dense.begin(), dense.end(), i) == dense.end();
  }
  return absl::OkStatus();
}

absl::Status DescribeMixtral(const JsonFile& file, ModelConfig& config) {
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "hidden_act", "silu", config));
  RESTEM_RETURN_IF_ERROR(ReadExperts(file, "num_local_experts", "intermediate_size", config));
  RESTEM_ASSIGN_OR_RETURN(const int64_t window, ReadWindow(file, 0));
  config.layers.assign(static_cast<size_t>(config.num_hidden_layers),
                       {.window = window, .experts = true});
  RESTEM_ASSIGN_OR_RETURN(config.norm_eps, GetRealOr(file, "rms_norm_eps", 1e-5));
  return ReadOneRope(file, {.default_theta = 1'000'000.0}, config);
}

}  // namespace restem
