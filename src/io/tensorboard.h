// Writes event files that TensorBoard reads: TFRecord framing around Event protocol buffers,
// encoded by hand because a handful of fields is needed and protobuf clashes with SentencePiece's.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/status.h"

namespace restem {

// CRC-32C (Castagnoli), as the framing needs it.
uint32_t Crc32c(std::string_view bytes);

class TensorBoardWriter {
 public:
  // A new event file in `dir`, which is created where absent. TensorBoard joins all event files of
  // a folder.
  static absl::StatusOr<std::unique_ptr<TensorBoardWriter>> open(const std::string& dir);
  ~TensorBoardWriter();
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;

  // Each is one record, in the file when the call returns. Thread-safe.
  absl::Status scalar(std::string_view tag, int64_t step, double value);
  absl::Status text(std::string_view tag, int64_t step, std::string_view markdown);

  const std::string& path() const { return path_; }

 private:
  TensorBoardWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status write_event(std::string_view fields, int64_t step);

  const std::string path_;
  const int fd_;
  std::mutex mutex_;
};

}  // namespace restem
