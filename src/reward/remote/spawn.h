// A child process with pipes to its stdin, stdout and stderr.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace restem {

struct WorkerCommand {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::string directory;          // working folder; empty: this process's
};

// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_;
};

struct Child {
  pid_t pid = 0;
  Fd in;   // write end of its stdin
  Fd out;  // read ends
  Fd err;
};

// Starts a child as the leader of a process group of its own, with this process's environment, and
// Python told not to hold its output back. None of the three pipes blocks. InvalidInput where the
// program cannot be started.
absl::StatusOr<Child> Spawn(const WorkerCommand& command);

// Whether it has ended, without reaping it: its pid still names its group, and not a stranger's.
bool HasEnded(pid_t pid);
// Waits for that; false where `limit` passed before.
bool WaitForEnd(pid_t pid, std::chrono::milliseconds limit);
// "ended with exit code 3", "was killed by signal 9"; of a child that has ended.
std::string HowItEnded(pid_t pid);
// Kills its group, also what the child has started, and reaps it.
void KillGroup(pid_t pid);

}  // namespace restem
