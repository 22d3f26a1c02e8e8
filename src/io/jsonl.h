// Files of lines, and of one JSON object a line. Plain or gzip (told by content). Only the line in
// hand is in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/status.h"

namespace restem {

// Lines without their end (LF or CRLF) and without a leading UTF-8 byte order mark.
class LineReader {
 public:
  static absl::StatusOr<LineReader> open(const std::string& path);

  // The next line, blank ones included; false at the end. A line beyond 1 GiB and a read error are
  // errors.
  absl::StatusOr<bool> next(std::string& line);

  // Of the line last read, from 1.
  int64_t line_number() const { return line_number_; }
  const std::string& path() const { return path_; }
  // "<path>:<line>", for messages.
  std::string where() const;

 private:
  LineReader() = default;
  absl::StatusOr<bool> fill();

  struct GzClose {
    void operator()(void* file) const;
  };
  std::string path_;
  std::unique_ptr<void, GzClose> file_;  // a gzFile
  std::string buffer_;
  size_t at_ = 0;  // first byte of buffer_ not yet handed out
  int64_t line_number_ = 0;
};

// One JSON object a line; blank lines are skipped. Errors: "<file>:<line>: what is wrong".
class JsonlReader {
 public:
  static absl::StatusOr<JsonlReader> open(const std::string& path);

  // The next object; nullopt at the end.
  absl::StatusOr<std::optional<nlohmann::json>> next();
  int64_t line_number() const { return lines_.line_number(); }
  std::string where() const { return lines_.where(); }
  const std::string& line() const { return line_; }  // what the last object was read from

 private:
  explicit JsonlReader(LineReader lines) : lines_(std::move(lines)) {}
  LineReader lines_;
  std::string line_;
};

// Calls `visit` with each object and its "<file>:<line>"; stops at the first error.
using JsonLineFn = std::function<absl::Status(nlohmann::json&& object, const std::string& where)>;
absl::Status ForEachJsonLine(const std::string& path, const JsonLineFn& visit);

}  // namespace restem
