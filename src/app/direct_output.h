// Outputs that cannot be renamed into place: pipes, devices, and this process's own stdout.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace restem {

// `path` leads to where stdout goes, a file or not: `--output /dev/stdout > FILE`. Replacing FILE
// would lose what is written to stdout after it.
bool IsStdout(const std::string& path);

// `path` is there, and no file that may be replaced.
bool IsDirect(const std::string& path);

// Lines written as they come.
class DirectOutput {
 public:
  static absl::StatusOr<std::unique_ptr<DirectOutput>> open(const std::string& path);
  ~DirectOutput();
  DirectOutput(const DirectOutput&) = delete;
  DirectOutput& operator=(const DirectOutput&) = delete;

  absl::Status write(std::string_view line);  // without its newline

 private:
  DirectOutput(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  const std::string path_;
  const int fd_;
  std::string buffer_;
};

}  // namespace restem
