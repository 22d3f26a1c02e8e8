// A place in a text file, for readers that look at it byte by byte: what is ahead, and the line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/byte_source.h"

namespace restem {

class ByteCursor {
 public:
  static constexpr int kEnd = -1;

  // A leading UTF-8 byte order mark is passed over. InvalidInput for UTF-16.
  static absl::StatusOr<ByteCursor> open(const std::string& path);

  // Bytes that are ahead and in memory: some of the file's, or none at its end.
  std::string_view ahead() {
    if (at_ == size_) fill();
    return {buffer_.data() + at_, size_ - at_};
  }
  // The next byte as 0 … 255, or kEnd.
  int peek() {
    const std::string_view bytes = ahead();
    return bytes.empty() ? kEnd : static_cast<unsigned char>(bytes.front());
  }
  // Goes on by so many of the bytes `ahead`.
  void pass(size_t bytes);

  // The line of the next byte, from 1; lines end with LF.
  int64_t line() const { return line_; }
  const std::string& path() const { return path_; }
  // "<path>:<line>", for messages.
  std::string where() const;
  // Why the bytes ended before the file did, if they have: broken compression, say.
  const absl::Status& status() const { return status_; }

 private:
  ByteCursor() = default;
  void fill();

  std::string path_;
  std::unique_ptr<ByteSource> source_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t size_ = 0;
  int64_t line_ = 1;
  absl::Status status_;
};

}  // namespace restem
