// The JSON files of a model directory in Hugging Face's layout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/json_file.h"

namespace restem {

struct HfConfig {
  JsonFile config;                     // config.json
  std::optional<JsonFile> generation;  // generation_config.json, if there
};

// Reads `dir`/config.json and generation_config.json; read fields with GetInt(hf.config,
// "hidden_size") and so on.
absl::StatusOr<HfConfig> ReadHfConfig(const std::string& dir);

// eos_token_id of generation_config.json, else of config.json; a number or a list. Empty where
// neither has one.
absl::StatusOr<std::vector<int64_t>> EosTokenIds(const HfConfig& hf);

}  // namespace restem
