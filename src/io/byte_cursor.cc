#include "io/byte_cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/json_record.h"

namespace restem {

constexpr size_t kChunk = size_t{1} << 17;

absl::StatusOr<ByteCursor> ByteCursor::open(const std::string& path) {
  ByteCursor cursor;
  cursor.path_ = path;
  RESTEM_ASSIGN_OR_RETURN(cursor.source_, ByteSource::open(path));
  cursor.buffer_.resize(kChunk);
  RESTEM_RETURN_IF_ERROR(CheckEncoding(cursor.ahead(), path));
  if (cursor.ahead().starts_with(kByteOrderMark)) cursor.pass(kByteOrderMark.size());
  return cursor;
}

void ByteCursor::fill() {
  at_ = size_ = 0;
  if (!status_.ok()) return;
  const auto got = source_->read(buffer_);
  if (got.ok()) {
    size_ = *got;
  } else {
    status_ = Annotate(got.status(), where());
  }
}

void ByteCursor::pass(size_t bytes) {
  const auto begin = buffer_.begin() + static_cast<ptrdiff_t>(at_);
  line_ += std::count(begin, begin + static_cast<ptrdiff_t>(bytes), '\n');
  at_ += bytes;
}

std::string ByteCursor::where() const { return fmt::format("{}:{}", path_, line_); }

}  // namespace restem
