// Model directories: shards and their index.
#include <fmt/format.h>

#include <set>

#include "io/json_file.h"
#include "io/safetensors.h"

namespace restem {
namespace {

constexpr std::string_view kSingleName = "model.safetensors";
constexpr std::string_view kIndexName = "model.safetensors.index.json";

std::string Join(const std::string& dir, std::string_view name) {
  return fmt::format("{}/{}", dir, name);
}

// Tensor name to shard file name.
absl::StatusOr<std::map<std::string, std::string>> ReadIndex(const std::string& path) {
  RESTEM_ASSIGN_OR_RETURN(const JsonFile index, ReadJsonFile(path));
  const nlohmann::json* map = FindJson(index, "weight_map");
  if (map == nullptr || !map->is_object()) {
    return InvalidInput(fmt::format("{}: \"weight_map\" is missing or not an object", path));
  }
  std::map<std::string, std::string> result;
  for (const auto& [tensor, shard] : map->items()) {
    if (!shard.is_string() || shard.get<std::string>().find('/') != std::string::npos) {
      return InvalidInput(
          fmt::format("{}: tensor {} must map to a file name in the same folder", path, tensor));
    }
    result[tensor] = shard.get<std::string>();
  }
  return result;
}

}  // namespace

absl::StatusOr<SafetensorsModel> SafetensorsModel::open(const std::string& dir) {
  SafetensorsModel model;
  model.dir_ = dir;
  if (const std::string single = Join(dir, kSingleName); FileExists(single)) {
    RESTEM_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(single));
    model.tensors_ = file.tensors();
    model.files_.push_back(std::move(file));
    return model;
  }
  const std::string index_path = Join(dir, kIndexName);
  if (!FileExists(index_path)) {
    return InvalidInput(
        fmt::format("{} has no weights: neither {} nor {} is there", dir, kSingleName, kIndexName));
  }
  RESTEM_ASSIGN_OR_RETURN(const auto index, ReadIndex(index_path));
  std::map<std::string, size_t> opened;  // shard name to its place in files_
  for (const auto& [tensor, shard] : index) {
    const auto [place, is_new] = opened.emplace(shard, model.files_.size());
    if (is_new) {
      if (!FileExists(Join(dir, shard))) {
        return InvalidInput(
            fmt::format("{}: shard {} (with tensor {}) is missing", dir, shard, tensor));
      }
      RESTEM_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(Join(dir, shard)));
      model.files_.push_back(std::move(file));
    }
    const TensorMap& tensors = model.files_[place->second].tensors();
    const auto found = tensors.find(tensor);
    if (found == tensors.end()) {
      return InvalidInput(
          fmt::format("{}: tensor {} is missing from shard {}", index_path, tensor, shard));
    }
    model.tensors_.emplace(tensor, found->second);
  }
  return model;
}

absl::StatusOr<TensorView> SafetensorsModel::get(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    return InvalidInput(fmt::format("{}: tensor {} is missing", dir_, name));
  return found->second;
}

}  // namespace restem
