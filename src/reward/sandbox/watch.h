// Waits for programs, within their limits of time and memory.
#pragma once

#include <chrono>
#include <string>

#include "base/status.h"
#include "reward/sandbox/sandbox.h"

namespace restem {

enum class WatchEnd {
  kReported,     // the awaited sandbox's program has ended
  kTimeLimit,    // the watched program has had its time
  kMemoryLimit,  // its processes together have too much memory
  kOutputLimit,  // it wrote too much
  kStarved,      // the machine gave it no core for so long that nothing can be said
  kBroken,       // a sandbox died
  kStopped,      // a signal asks this process to stop
};

struct WatchLimits {
  double seconds = 5.0;
  int64_t memory_bytes = int64_t{512} << 20;
  size_t output_bytes = size_t{16} << 20;
};

// The clock starts with the watch. Time that a program's first process, or process 1, was ready to
// run and had no core is not counted: a busy machine makes no program wrong. But the CPU time of
// all its processes is, so that one that is many does not keep itself from its end.
class Watch {
 public:
  // `partner` is one that the program waits for, too.
  Watch(Sandbox& program, const WatchLimits& limits, const Sandbox* partner = nullptr);

  // Until `awaited`, the watched sandbox or one that works with it, has something to report, or a
  // limit is met. What comes out of `output` (-1: nothing) meanwhile is appended to `text`.
  WatchEnd until(Sandbox& awaited, int output = -1, std::string* text = nullptr);

 private:
  using Clock = std::chrono::steady_clock;

  // A sandbox and what was on its account when the clock started.
  struct Account {
    explicit Account(pid_t first);
    double waited_seconds(const std::vector<pid_t>& tree) const;
    double cpu_seconds(const std::vector<pid_t>& tree) const;

    pid_t process;         // its process 1
    double waited_before;  // for a core
    double cpu_before;
  };

  double passed_seconds() const;
  bool time_is_up(const std::vector<pid_t>& tree, double passed) const;
  std::optional<WatchEnd> limit_met() const;

  const WatchLimits limits_;
  const Clock::time_point start_ = Clock::now();
  const Account program_;
  const std::optional<Account> partner_;
};

// What can be read from `output` at once; false once there is more than `limit` bytes of text.
bool Drain(int output, size_t limit, std::string& text);

}  // namespace restem
