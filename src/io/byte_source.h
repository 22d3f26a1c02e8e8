// The bytes of a file, decompressed on the way. Told by content, whatever the file is called: gzip
// (several members too) and zstd (several frames too), else the bytes as they are. A fixed amount
// is in memory, whatever the file's size.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace restem {

class ByteSource {
 public:
  // InvalidInput for what is no regular file or cannot be opened.
  static absl::StatusOr<std::unique_ptr<ByteSource>> open(const std::string& path);
  virtual ~ByteSource() = default;

  // Fills the front of `buffer` and returns how many bytes it put there, 0 at the end only. A
  // message, "is not valid gzip: …" say, for data that is broken or ends early; the caller knows
  // where.
  virtual absl::StatusOr<size_t> read(std::span<char> buffer) = 0;
};

}  // namespace restem
