// A child process that answers each line on its stdin with one line on its stdout.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem {

struct WorkerCommand {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::string directory;          // working folder; empty: this process's
};

// Used by one thread at a time. The child leads a process group of its own, so a ^C at the terminal
// does not reach it and whatever it starts ends with it. Lines that it writes to stderr go to the
// log.
class Worker {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // InvalidInput where the program cannot be started.
  static absl::StatusOr<std::unique_ptr<Worker>> start(const WorkerCommand& command);
  // Closes the child's stdin; kills its group if it does not end within a moment, or at once after
  // an error.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Sends `request` (one line, without its end) and waits for one line. Never blocks past
  // `deadline`, whether the child does not read, does not write, or writes without end. After an
  // error the worker is of no further use.
  absl::StatusOr<std::string> exchange(std::string_view request, Deadline deadline);

  // Has no exchange been answered yet?
  bool fresh() const { return fresh_; }
  // The end of input: the child may finish by itself while others are being closed.
  void close_input();

 private:
  Worker(pid_t pid, int in, int out, int err) : pid_(pid), in_(in), out_(out), err_(err) {}

  absl::Status step(std::string_view& to_send, Deadline deadline);
  absl::Status wait_ready(bool sending, Deadline deadline, short& in, short& out, short& err);
  absl::Status send_some(std::string_view& to_send);
  absl::Status read_out();
  void read_err();
  absl::Status check_nothing_pending();
  absl::Status death();
  absl::Status broken(absl::Status status);

  const pid_t pid_;
  int in_;   // write end of the child's stdin
  int out_;  // read ends, none of them blocking
  int err_;
  bool fresh_ = true;
  bool broken_ = false;
  std::string received_;  // of stdout, not yet returned
  std::string err_line_;  // of stderr, not yet ended
  std::string last_err_;  // last line of stderr, for messages
};

}  // namespace restem
