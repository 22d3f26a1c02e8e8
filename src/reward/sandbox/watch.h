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
// run and had no core is not counted: a busy machine makes no program wrong.
class Watch {
 public:
  Watch(Sandbox& program, const WatchLimits& limits);

  // Until `awaited`, the watched sandbox or one that works with it, has something to report, or a
  // limit is met. What comes out of `output` (-1: nothing) meanwhile is appended to `text`.
  WatchEnd until(Sandbox& awaited, int output = -1, std::string* text = nullptr);

 private:
  using Clock = std::chrono::steady_clock;

  double charged_seconds() const;
  double passed_seconds() const;
  std::optional<WatchEnd> limit_met() const;

  Sandbox& program_;
  const WatchLimits limits_;
  const Clock::time_point start_ = Clock::now();
  const double waited_before_;  // by process 1
};

// What can be read from `output` at once; false once there is more than `limit` bytes of text.
bool Drain(int output, size_t limit, std::string& text);

}  // namespace restem
