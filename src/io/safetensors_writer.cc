#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "io/json_file.h"
#include "io/safetensors.h"

namespace restem {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

size_t ByteCount(const TensorView& tensor) {
  size_t count = ElementSize(tensor.dtype);
  for (const int64_t extent : tensor.shape) count *= static_cast<size_t>(extent);
  return count;
}

absl::Status CheckNames(const std::string& path, std::span<const TensorView> tensors) {
  std::set<std::string_view> names;
  for (const TensorView& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      return Failed(fmt::format("cannot write {}: tensor {} is there twice", path, tensor.name));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTensors(const std::string& path, std::span<const TensorView> tensors) {
  for (const TensorView& tensor : tensors) {
    if (ByteCount(tensor) == tensor.bytes.size()) continue;
    return Failed(fmt::format("cannot write {}: tensor {} has {} bytes where its shape needs {}",
                              path,
                              tensor.name,
                              tensor.bytes.size(),
                              ByteCount(tensor)));
  }
  return CheckNames(path, tensors);
}

// Length and JSON, padded so that the tensors begin at a multiple of 8.
std::string Header(std::span<const TensorView> tensors,
                   const std::map<std::string, std::string>& metadata) {
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t at = 0;
  for (const TensorView& tensor : tensors) {
    const uint64_t end = at + tensor.bytes.size();
    header[tensor.name] = {
        {"dtype", ToString(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

// The reference writer's order for tensors of one type, and aligned for several.
std::vector<TensorView> InFileOrder(std::span<const TensorView> tensors) {
  std::vector<TensorView> sorted(tensors.begin(), tensors.end());
  std::sort(sorted.begin(), sorted.end(), [](const TensorView& a, const TensorView& b) {
    return std::tuple(ElementSize(b.dtype), a.dtype, std::string_view(a.name)) <
           std::tuple(ElementSize(a.dtype), b.dtype, std::string_view(b.name));
  });
  return sorted;
}

// Consecutive tensors up to the limit each; a tensor above it gets a shard of its own.
std::vector<std::span<TensorView>> SplitShards(std::span<TensorView> tensors, int64_t max_bytes) {
  std::vector<std::span<TensorView>> shards;
  size_t begin = 0;
  int64_t bytes = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto size = static_cast<int64_t>(ByteCount(tensors[i]));
    if (i > begin && bytes + size > max_bytes) {
      shards.push_back(tensors.subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += size;
  }
  shards.push_back(tensors.subspan(begin));
  return shards;
}

// A reader would pick the wrong one of two layouts in one folder.
absl::Status RemoveOtherWeights(const std::string& dir, const std::set<std::string>& wanted) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    const bool weights = name.starts_with("model") && (name.ends_with(".safetensors") ||
                                                       name.ends_with(".safetensors.index.json"));
    const bool left_over = name.ends_with(".safetensors.tmp");
    if (left_over || (weights && !wanted.contains(name))) std::remove(entry.path().c_str());
  }
  return error ? FileError("list", dir, error.value()) : absl::OkStatus();
}

std::string HashOf(std::span<const TensorView> tensors) {
  std::string hashes;
  for (const TensorView& tensor : tensors) hashes += HashBytes(AsText(tensor.bytes));
  return HashBytes(hashes);
}

// Whether a file begins with these bytes and is so long. Files are complete or absent, and a header
// has the hash of what follows: then it need not be written again.
bool IsWritten(const std::string& path, std::string_view header, uint64_t bytes) {
  std::error_code error;
  if (std::filesystem::file_size(path, error) != bytes || error) return false;
  std::string begin(header.size(), '\0');
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == header;
}

absl::Status WriteShard(const std::string& path, std::span<const TensorView> tensors) {
  RESTEM_RETURN_IF_ERROR(CheckTensors(path, tensors));
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"xxh3", HashOf(tensors)}};
  const std::string header = Header(InFileOrder(tensors), metadata);
  uint64_t bytes = header.size();
  for (const TensorView& tensor : tensors) bytes += tensor.bytes.size();
  if (IsWritten(path, header, bytes)) return absl::OkStatus();
  return WriteSafetensors(path, tensors, metadata);
}

}  // namespace

absl::Status WriteSafetensors(const std::string& path,
                              std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata) {
  RESTEM_RETURN_IF_ERROR(CheckTensors(path, tensors));
  const std::vector<TensorView> sorted = InFileOrder(tensors);
  return WriteFileAtomic(path, [&](const WriteFn& write) -> absl::Status {
    RESTEM_RETURN_IF_ERROR(write(Header(sorted, metadata)));
    for (const TensorView& tensor : sorted) RESTEM_RETURN_IF_ERROR(write(AsText(tensor.bytes)));
    return absl::OkStatus();
  });
}

absl::Status WriteSafetensorsModel(const std::string& dir,
                                   std::span<const TensorView> tensors,
                                   int64_t max_shard_bytes) {
  const MakeBytes is_there = [](std::span<TensorView>) { return absl::OkStatus(); };
  return WriteSafetensorsModel(dir, {tensors.begin(), tensors.end()}, is_there, max_shard_bytes);
}

absl::Status WriteSafetensorsModel(const std::string& dir,
                                   std::vector<TensorView> tensors,
                                   const MakeBytes& make,
                                   int64_t max_shard_bytes) {
  RESTEM_RETURN_IF_ERROR(CheckNames(dir, tensors));
  const std::string single = "model.safetensors";
  const auto shards = SplitShards(tensors, max_shard_bytes);
  json weight_map = json::object();
  uint64_t total = 0;
  std::set<std::string> written;
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        shards.size() == 1 ? single
                           : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    RESTEM_RETURN_IF_ERROR(make(shards[i]));
    RESTEM_RETURN_IF_ERROR(WriteShard(dir + "/" + name, shards[i]));
    written.insert(name);
    for (const TensorView& tensor : shards[i]) {
      weight_map[tensor.name] = name;
      total += tensor.bytes.size();
    }
  }
  if (shards.size() > 1) {
    const std::string index = single + ".index.json";
    RESTEM_RETURN_IF_ERROR(WriteJsonFile(
        dir + "/" + index, {{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}}));
    written.insert(index);
  }
  return RemoveOtherWeights(dir, written);
}

}  // namespace restem
