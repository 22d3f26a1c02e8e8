// An append-only file of JSON lines that survives a kill at any instant: each line is written whole
// by one write(2), and a torn last line is dropped when the file is opened again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/status.h"

namespace restem {

// Called with each complete line (without its newline) and its number from 1.
using JournalLineFn = std::function<absl::Status(std::string_view line, int64_t number)>;

// Reads the complete lines of a journal and changes nothing; a file that is not there has none. A
// last line without a newline or that is not JSON is torn and ignored; such a line elsewhere is
// InvalidInput "<path>:<line>: …". An error of `visit` ends the reading and is returned.
absl::Status ReadJournal(const std::string& path, const JournalLineFn& visit);

class Journal {
 public:
  // Creates the file or continues it: hands the complete lines to `replay`, then cuts off a torn
  // last line.
  static absl::StatusOr<std::unique_ptr<Journal>> open(const std::string& path,
                                                       const JournalLineFn& replay);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Appends `line` and a newline. `line` is one JSON value without a newline. On an error (disk
  // full) nothing of the line stays in the file, and a later append may succeed. Thread-safe.
  absl::Status append(std::string_view line);

  // Flushes to the disk and closes; later appends fail. The destructor closes too, with errors
  // unseen.
  absl::Status close();

  const std::string& path() const { return path_; }

 private:
  Journal(std::string path, int fd, int64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}

  const std::string path_;
  std::mutex mutex_;
  int fd_;
  int64_t size_;  // bytes of complete lines
  std::string buffer_;
};

}  // namespace restem
