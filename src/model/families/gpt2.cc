// GPT-2.
#include <fmt/format.h>

#include "model/families/describe.h"
#include "model/families/keys.h"

namespace restem {

absl::Status DescribeGpt2(const JsonFile& file, ModelConfig& config) {
  for (const std::string_view key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"})
    RESTEM_RETURN_IF_ERROR(RequireFalse(file, key));
  RESTEM_ASSIGN_OR_RETURN(const bool scaled, GetBoolOr(file, "scale_attn_weights", true));
  if (!scaled) return Refused(file, "scale_attn_weights", "false is not supported");
  RESTEM_RETURN_IF_ERROR(ReadActivation(file, "activation_function", "gelu_new", config));
  RESTEM_ASSIGN_OR_RETURN(config.norm_eps, GetRealOr(file, "layer_norm_epsilon", 1e-5));
  RESTEM_ASSIGN_OR_RETURN(config.tie_word_embeddings, GetBoolOr(file, "tie_word_embeddings", true));
  config.norm = NormKind::kLayer;
  config.qkv_bias = config.output_bias = config.mlp_bias = true;
  config.gated_mlp = false;
  config.learned_positions = true;
  config.layers.assign(static_cast<size_t>(config.num_hidden_layers), {.rope = -1});
  return absl::OkStatus();
}

}  // namespace restem
