// One process at a time works in a run directory.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace restem {

class RunLock {
 public:
  // Fails with the other process's id where the directory is in use. The kernel drops the lock when
  // a process ends, however it ends.
  static absl::StatusOr<std::unique_ptr<RunLock>> acquire(const std::string& path);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace restem
