#include "io/hf_config.h"

#include <fmt/format.h>

#include "base/file.h"

namespace restem {

absl::StatusOr<HfConfig> ReadHfConfig(const std::string& dir) {
  const std::string path = dir + "/config.json";
  if (!FileExists(path)) {
    return InvalidInput(fmt::format("{} is not a model directory: it has no config.json", dir));
  }
  HfConfig hf;
  RESTEM_ASSIGN_OR_RETURN(hf.config, ReadJsonFile(path));
  const std::string generation = dir + "/generation_config.json";
  if (FileExists(generation)) {
    RESTEM_ASSIGN_OR_RETURN(hf.generation, ReadJsonFile(generation));
  }
  return hf;
}

absl::StatusOr<std::vector<int64_t>> EosTokenIds(const HfConfig& hf) {
  constexpr std::string_view kKey = "eos_token_id";
  if (hf.generation && FindJson(*hf.generation, kKey) != nullptr)
    return GetInts(*hf.generation, kKey);
  if (FindJson(hf.config, kKey) != nullptr) return GetInts(hf.config, kKey);
  return std::vector<int64_t>{};
}

}  // namespace restem
