// What a decoder-only transformer looks like, as read from an HF directory's config.json: one
// description for all families (model/families/families.h), each of which is a value of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "kernels/glu.h"

namespace restem {

// Rotary embedding: radians from a position to the next, and what cosines and sines are multiplied
// by.
struct RopeConfig {
  std::vector<float> frequencies;  // [rotary_dim / 2]
  double factor = 1.0;
};

enum class NormKind {
  kRms,         // x / rms(x) · w
  kRmsPlusOne,  // x / rms(x) · (1 + w)
  kLayer,       // (x − mean) / deviation · w + b
};

enum class QkNorm {
  kNone,
  kPerHead,   // a norm of head_dim elements, the same for all heads
  kAllHeads,  // one norm over all heads together
};

struct LayerConfig {
  int64_t window = 0;    // keys that a query sees at most, its own the last; 0: all before it
  int64_t rope = 0;      // of ModelConfig::ropes; −1: positions are not rotated
  bool experts = false;  // the MLP is a mixture of experts
};

struct ExpertsConfig {
  int64_t count = 0;              // 0: none
  int64_t per_token = 0;          // experts that compute a token
  int64_t intermediate_size = 0;  // of one expert
  bool normalize = true;          // weights of the chosen ones are divided by their sum
};

// 8-bit weights that come with scales (model/fp8.h).
struct Fp8Config {
  bool used = false;
  int64_t rows = 0;  // of a block that has a scale; 0: there are no blocks
  int64_t columns = 0;
};

struct ModelConfig {
  std::string model_type;  // as in config.json
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;
  int64_t num_key_value_heads = 0;
  int64_t head_dim = 0;
  int64_t max_position_embeddings = 0;
  double initializer_range = 0.02;
  bool tie_word_embeddings = false;
  bool qkv_bias = false;
  bool output_bias = false;  // of o_proj
  bool mlp_bias = false;

  NormKind norm = NormKind::kRms;
  double norm_eps = 1e-6;
  bool norm_before = true;  // of what attention and MLP get
  bool norm_after = false;  // of what they give
  QkNorm qk_norm = QkNorm::kNone;
  kernels::Activation activation = kernels::Activation::kSilu;
  bool gated_mlp = true;
  ExpertsConfig experts;

  double embedding_scale = 1.0;     // embeddings are multiplied by it
  bool learned_positions = false;   // a vector for each position is added to embeddings
  double attention_scalar = 0.0;    // scores are divided by its root; 0: head_dim
  double attention_soft_cap = 0.0;  // scores become cap·tanh(score / cap); 0: they stay
  double logit_soft_cap = 0.0;      // the same of logits
  std::vector<RopeConfig> ropes;    // those that layers name
  std::vector<LayerConfig> layers;  // [num_hidden_layers], or empty: all are LayerConfig()

  Fp8Config fp8;
  bool stored_bfloat16 = false;  // the dtype that config.json names is bfloat16
  std::vector<int32_t>
      eos_token_ids;  // generation_config.json's if there, else config.json's; may be several
  std::vector<std::string> notes;  // for the log: what a user should know of how this is read

  LayerConfig layer(int64_t index) const {
    return layers.empty() ? LayerConfig() : layers[static_cast<size_t>(index)];
  }
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

// Reads `dir`/config.json and generation_config.json, of transformers 4 or 5. A missing key, a
// wrong type, an unknown architecture or a feature that is not implemented is InvalidInput naming
// the file and the key; nothing is ignored silently.
absl::StatusOr<ModelConfig> ReadModelConfig(const std::string& dir);

}  // namespace restem
