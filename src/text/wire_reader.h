// The wire format of protocol buffers (protobuf.dev, "Encoding"): fields of a message, one by one.
// libprotobuf itself cannot be in this process: two copies of it abort, and LibTorch has one.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace restem::text {

class WireReader {
 public:
  enum class Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  struct Field {
    uint32_t number = 0;
    Type type = Type::kVarint;
    uint64_t value = 0;      // but for kBytes
    std::string_view bytes;  // of kBytes: points into the message
    size_t offset = 0;       // in the file, of the field's first byte

    float float32() const { return std::bit_cast<float>(static_cast<uint32_t>(value)); }
  };

  // `offset`: where in the file the message begins, for messages.
  explicit WireReader(std::string_view message, size_t offset = 0)
      : message_(message), offset_(offset) {}

  // The next field; nullopt at the end. InvalidInput, without the file's name, where the message is
  // cut off or a field is of no known type.
  absl::StatusOr<std::optional<Field>> next();

  // What `field`, of kBytes, holds as a message of its own.
  WireReader inside(const Field& field) const;

 private:
  absl::StatusOr<uint64_t> varint();
  absl::StatusOr<uint64_t> fixed(size_t bytes);

  std::string_view message_;
  size_t offset_;
  size_t at_ = 0;
};

}  // namespace restem::text
