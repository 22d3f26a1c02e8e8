// A model and examples small enough for exact comparisons.
#pragma once

#include <vector>

#include "data/types.h"
#include "model/decoder.h"
#include "ops/rope.h"

namespace restem::testing {

inline Model TinyModel(uint64_t seed = 1) {
  Model model;
  ModelConfig& config = model.config;
  config.model_type = "qwen2";
  config.vocab_size = 50;
  config.hidden_size = 24;
  config.intermediate_size = 40;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 6;
  config.max_position_embeddings = 64;
  config.initializer_range = 0.2;
  config.tie_word_embeddings = true;
  config.qkv_bias = true;
  config.eos_token_ids = {1};
  config.ropes = {{RopeFrequencies(config.head_dim, 10000.0)}};
  model.ropes = RopeTables(config);
  model.weights = InitialWeights(config, seed);
  return model;
}

// With an lm_head of its own, and a vocabulary that two parts cannot share evenly.
inline Model UntiedModel() {
  Model model = TinyModel();
  model.config.vocab_size = 51;
  model.config.tie_word_embeddings = false;
  model.weights = InitialWeights(model.config, /*seed=*/2);
  return model;
}

// Several completions for most prompts, lengths from 1 to 9, unequal weights.
inline std::vector<TrainingExample> TinyExamples(int64_t problems = 9) {
  std::vector<TrainingExample> examples;
  for (int64_t p = 0; p < problems; ++p) {
    std::vector<int32_t> prompt;
    for (int64_t i = 0; i < 3 + p % 5; ++i)
      prompt.push_back(static_cast<int32_t>((7 * p + 3 * i) % 48 + 2));
    for (int64_t s = 0; s < 1 + p % 4; ++s) {
      std::vector<int32_t> completion;
      for (int64_t i = 0; i < (p + 2 * s) % 9; ++i) {
        completion.push_back(static_cast<int32_t>((5 * p + 11 * s + i * i) % 48 + 2));
      }
      completion.push_back(1);
      examples.push_back(
          {"p" + std::to_string(p), s, prompt, completion, 0.5 + 0.25 * static_cast<double>(s)});
    }
  }
  return examples;
}

}  // namespace restem::testing
