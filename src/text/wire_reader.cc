#include "text/wire_reader.h"

#include <fmt/format.h>

namespace restem::text {

absl::StatusOr<uint64_t> WireReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_ >= message_.size()) {
      return InvalidInput(fmt::format("cut off inside a number, at byte {}", offset_ + at_));
    }
    const auto byte = static_cast<uint8_t>(message_[at_++]);
    if (shift < 64) value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  return InvalidInput(fmt::format("a number longer than 10 bytes ends at byte {}", offset_ + at_));
}

absl::StatusOr<uint64_t> WireReader::fixed(size_t bytes) {
  if (message_.size() - at_ < bytes) {
    return InvalidInput(fmt::format("cut off inside a number, at byte {}", offset_ + at_));
  }
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(message_[at_ + i]);
  at_ += bytes;
  return value;
}

absl::StatusOr<std::optional<WireReader::Field>> WireReader::next() {
  if (at_ >= message_.size()) return std::nullopt;
  Field field;
  field.offset = offset_ + at_;
  RESTEM_ASSIGN_OR_RETURN(const uint64_t key, varint());
  field.number = static_cast<uint32_t>(key >> 3);
  if (key >> 3 == 0 || key >> 3 > 0x1FFFFFFF) {
    return InvalidInput(
        fmt::format("field number {} at byte {} is out of range", key >> 3, field.offset));
  }
  field.type = static_cast<Type>(key & 7);
  switch (field.type) {
    case Type::kVarint: {
      RESTEM_ASSIGN_OR_RETURN(field.value, varint());
      return field;
    }
    case Type::kFixed64: {
      RESTEM_ASSIGN_OR_RETURN(field.value, fixed(8));
      return field;
    }
    case Type::kFixed32: {
      RESTEM_ASSIGN_OR_RETURN(field.value, fixed(4));
      return field;
    }
    case Type::kBytes: {
      RESTEM_ASSIGN_OR_RETURN(const uint64_t length, varint());
      if (length > message_.size() - at_) {
        return InvalidInput(fmt::format("the field at byte {} has {} bytes, but only {} follow",
                                        field.offset,
                                        length,
                                        message_.size() - at_));
      }
      field.bytes = message_.substr(at_, length);
      at_ += length;
      return field;
    }
  }
  return InvalidInput(fmt::format(
      "the field at byte {} has wire type {}, which is not known", field.offset, key & 7));
}

WireReader WireReader::inside(const Field& field) const {
  return WireReader(field.bytes,
                    offset_ + static_cast<size_t>(field.bytes.data() - message_.data()));
}

}  // namespace restem::text
