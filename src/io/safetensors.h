// Tensors in the safetensors format (https://github.com/huggingface/safetensors): read through a
// memory map, written whole or not at all. A file is an 8-byte little-endian header length, a JSON
// header, then the tensors' bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/status.h"

namespace restem {

enum class DType {
  kFloat64,
  kFloat32,
  kFloat16,
  kBFloat16,
  kFloat8E4M3,
  kFloat8E5M2,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt64,
  kUInt32,
  kUInt16,
  kUInt8,
  kBool,
};
std::string_view ToString(DType dtype);  // the format's name: "F32", "BF16", …
size_t ElementSize(DType dtype);         // bytes

// A tensor's bytes in row-major order, of a mapped file or owned by somebody else.
struct TensorView {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;  // empty: a scalar
  std::span<const std::byte> bytes;
  std::shared_ptr<const MappedFile> file = nullptr;
};

using TensorMap = std::map<std::string, TensorView, std::less<>>;

// One file. Views stay valid as long as any copy of this object.
class SafetensorsFile {
 public:
  // A header that is not exactly right (length, JSON, offsets that leave the file, overlap or leave
  // gaps, a size that is not shape times dtype, a truncated file) is InvalidInput naming the file
  // and the tensor.
  static absl::StatusOr<SafetensorsFile> open(const std::string& path);

  const std::string& path() const { return file_->path(); }
  const TensorMap& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  TensorMap tensors_;
  std::map<std::string, std::string> metadata_;
};

// The weights of a model directory: model.safetensors, or the shards that
// model.safetensors.index.json names.
class SafetensorsModel {
 public:
  static absl::StatusOr<SafetensorsModel> open(const std::string& dir);

  const TensorMap& tensors() const { return tensors_; }
  // InvalidInput naming the directory and the tensor where there is none of that name.
  absl::StatusOr<TensorView> get(std::string_view name) const;

 private:
  std::string dir_;
  std::vector<SafetensorsFile> files_;
  TensorMap tensors_;
};

// Writes one file, atomically: widest element type first, then by name, so that every tensor is
// aligned and equal tensors give equal bytes. A repeated name or a wrong number of bytes is Failed.
absl::Status WriteSafetensors(const std::string& path,
                              std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata = {
                                  {"format", "pt"}});

// Writes `dir`/model.safetensors, or, where the tensors exceed `max_shard_bytes`,
// model-00001-of-0000N.safetensors filled in the order given and then model.safetensors.index.json.
// Each file is atomic and has the hash of its tensors in its metadata: what an interrupted call
// wrote is not written again. The index comes last, other weights in the folder go. Write into a
// folder of its own and rename it where the whole must be atomic.
constexpr int64_t kMaxShardBytes = 5'000'000'000;
absl::Status WriteSafetensorsModel(const std::string& dir,
                                   std::span<const TensorView> tensors,
                                   int64_t max_shard_bytes = kMaxShardBytes);

// The same of tensors whose bytes are made when their shard's turn comes: `make` fills in `bytes`
// of a shard's tensors; those of the shard before are no longer needed.
using MakeBytes = std::function<absl::Status(std::span<TensorView> shard)>;
absl::Status WriteSafetensorsModel(const std::string& dir,
                                   std::vector<TensorView> tensors,
                                   const MakeBytes& make,
                                   int64_t max_shard_bytes = kMaxShardBytes);

}  // namespace restem
