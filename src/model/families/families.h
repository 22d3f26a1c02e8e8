// The model families that are understood: how each one's config.json differs from Llama's, and how
// its weights are named.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "io/json_file.h"
#include "model/config.h"

namespace restem {

// A part of one of our parameters' names (model/weights.h), between dots, and what a checkpoint has
// in its place. Parameters that come to the same name are one tensor there, one after the other.
struct NameRule {
  std::string_view ours;
  std::string_view theirs;
};

struct Family {
  std::string_view model_type;
  // Reads what is the family's own into a config that has Llama's sizes and defaults.
  absl::Status (*describe)(const JsonFile& file, ModelConfig& config);
  std::string_view refused = {};          // why it is known, but not supported
  std::span<const NameRule> names = {};   // none: ours are HF's
  bool transposed_linears = false;        // [in, out], HF's Conv1D
  std::string_view optional_prefix = {};  // of the checkpoint's names; some are published without
  std::span<const NameRule> keys = {};  // config.json's names for Llama's sizes, where not its own
  // Where config.json does not say.
  int64_t default_head_dim = 0;           // 0: hidden_size / num_attention_heads
  int64_t default_intermediate_size = 0;  // in hidden_size; 0: it must say
};

// nullptr where there is none of that name.
const Family* FindFamily(std::string_view model_type);
// "llama, mistral, …", for messages.
std::string FamilyNames();

}  // namespace restem
