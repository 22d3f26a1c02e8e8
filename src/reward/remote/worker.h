// A child process that answers each line on its stdin with one line on its stdout.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "reward/remote/child.h"

namespace restem {

// Used by one thread at a time. The child leads a process group of its own, so a ^C at the terminal
// does not reach it and whatever it starts ends with it.
class Worker {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  // Takes each line that the child writes to stderr.
  using ErrorLine = std::function<void(std::string_view line)>;

  // InvalidInput where the program cannot be started.
  static absl::StatusOr<std::unique_ptr<Worker>> start(const WorkerCommand& command,
                                                       ErrorLine error_line);
  // Closes the child's stdin; kills its group if it does not end within a moment, or at once after
  // an error.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Sends `request` (one line, without its end) and waits for one line. Never blocks past
  // `deadline`, nor long past a signal that asks this process to stop, whether the child does not
  // read, does not write, or writes without end. After an error the worker is of no further use.
  absl::StatusOr<std::string> exchange(std::string_view request, Deadline deadline);

  // Has no exchange been answered yet?
  bool fresh() const { return fresh_; }
  bool alive() const { return !HasEnded(child_.pid); }
  // Failed where it ended, or wrote something, while nobody had asked it.
  absl::Status check_idle();
  // The end of input: the child may finish by itself while others are being closed.
  void close_input() { child_.in.reset(); }

 private:
  Worker(Child child, ErrorLine error_line)
      : child_(std::move(child)), error_line_(std::move(error_line)) {}

  absl::Status step(std::string_view& to_send, Deadline deadline);
  absl::Status wait_ready(bool sending, Deadline deadline, short& in, short& out, short& err);
  absl::Status send_some(std::string_view& to_send);
  absl::Status read_out();
  void read_err();
  void take_err(std::string_view bytes);
  absl::Status death();
  absl::Status broken(absl::Status status);

  Child child_;
  const ErrorLine error_line_;
  bool fresh_ = true;
  bool broken_ = false;
  std::string received_;  // of stdout, not yet returned
  std::string err_line_;  // of stderr, not yet ended
  std::string last_err_;  // last line of stderr, for messages
};

}  // namespace restem
