// What a decoder-only transformer looks like, as read from an HF directory's config.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

struct ModelConfig {
  std::string model_type;  // "llama" or "qwen2"
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;
  int64_t num_key_value_heads = 0;
  int64_t head_dim = 0;
  int64_t max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  double rope_theta = 10000.0;
  double initializer_range = 0.02;
  bool tie_word_embeddings = false;
  bool qkv_bias = false;
  bool output_bias = false;  // of o_proj
  bool mlp_bias = false;
  bool stored_bfloat16 = false;  // the dtype that config.json names is bfloat16
  std::vector<int32_t>
      eos_token_ids;  // generation_config.json's if there, else config.json's; may be several

  bool is_eos(int32_t token) const;
  // Whether a prompt and its completion, of so many tokens together, can be computed: the last one
  // is never an input.
  bool holds(size_t tokens) const {
    return tokens <= static_cast<size_t>(max_position_embeddings) + 1;
  }
  // Whether a prompt of so many tokens leaves room for a completion.
  bool holds_prompt(size_t tokens) const {
    return tokens < static_cast<size_t>(max_position_embeddings);
  }
  int64_t parameter_count() const;
};

// Reads `dir`/config.json and generation_config.json. A missing key, a wrong type, an unknown
// architecture or a feature that is not implemented is InvalidInput naming the file and the key;
// nothing is ignored silently.
absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& dir);

}  // namespace restem
