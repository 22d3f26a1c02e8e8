// Waits for programs, within their limits of time and memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

// The clock starts with the watch. A program has had its time when its processes and its partner's
// together have used so much CPU time, or when so much has passed, less what they waited for a
// core, and none of them wants to run. So a busy machine makes no program wrong, and one that is
// many does not keep itself from its end.
class Watch {
 public:
  // `partner` is one that the program waits for, too.
  Watch(Sandbox& program, const WatchLimits& limits, const Sandbox* partner = nullptr);

  // Until `awaited`, the watched sandbox or one that works with it, has something to report, or a
  // limit is met. What comes out of `output` (-1: nothing) meanwhile is appended to `text`.
  WatchEnd until(Sandbox& awaited, int output = -1, std::string* text = nullptr);

 private:
  using Clock = std::chrono::steady_clock;

  // What the processes of a sandbox use, from look to look.
  struct Account {
    explicit Account(const Sandbox* sandbox);
    void look();

    pid_t process;           // process 1; 0: no sandbox
    double cpu_before = 0;   // of process 1, when the clock started
    double waited_last = 0;  // by all threads, at the last look
    double cpu_seconds = 0;
    double waited_seconds = 0;  // since the last look
    int64_t threads = 0;        // without process 1
    bool ready = false;
    std::vector<pid_t> programs;  // its processes but process 1
  };

  std::optional<WatchEnd> look();
  bool memory_is_up() const;

  const WatchLimits limits_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_look_ = start_;
  Account program_;
  Account partner_;
  double waited_seconds_ = 0;  // for a core, since the start
  bool many_ = false;          // the program was seen to be more than one thread
};

// What can be read from `output` at once; false once there is more than `limit` bytes of text.
bool Drain(int output, size_t limit, std::string& text);

}  // namespace restem
