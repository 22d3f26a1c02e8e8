#include "reward/sandbox/watch.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/shutdown.h"
#include "reward/sandbox/processes.h"

namespace restem {
namespace {

constexpr int kLookMilliseconds = 20;
// Of wall-clock time, where a program is hardly ever given a core: 20 times its own.
constexpr double kPatience = 20.0;

}  // namespace

Watch::Account::Account(const Sandbox* sandbox)
    : process(sandbox == nullptr ? 0 : sandbox->process()) {
  if (process == 0) return;
  const ProcessUsage usage = UsageOf(process);
  cpu_before = usage.cpu_seconds;
  waited_last = usage.waited_seconds;
}

void Watch::Account::look() {
  if (process == 0) return;
  programs = ProcessTree(process);
  double waited = 0;
  cpu_seconds = -cpu_before;
  threads = -1;  // process 1 has one
  ready = false;
  for (const pid_t pid : programs) {
    const ProcessUsage usage = UsageOf(pid);
    cpu_seconds += usage.cpu_seconds;
    waited += usage.waited_seconds;
    threads += usage.threads;
    ready = ready || usage.ready;
  }
  waited_seconds = std::max(0.0, waited - waited_last);
  waited_last = waited;
  programs.erase(programs.begin());
}

Watch::Watch(Sandbox& program, const WatchLimits& limits, const Sandbox* partner)
    : limits_(limits), program_(&program), partner_(partner) {}

WatchEnd Watch::until(Sandbox& awaited, int output, std::string* text) {
  while (true) {
    std::array<pollfd, 2> fds = {{{awaited.control(), POLLIN, 0}, {output, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), kLookMilliseconds);
    if (ready < 0 && errno != EINTR) return WatchEnd::kBroken;
    if (ready > 0 && fds[1].revents != 0) {
      if (!Drain(output, limits_.output_bytes, *text)) return WatchEnd::kOutputLimit;
      if ((fds[1].revents & POLLIN) == 0) output = -1;  // closed: poll would not wait any more
    }
    if (ready > 0 && fds[0].revents != 0) return WatchEnd::kReported;
    if (StopRequested()) return WatchEnd::kStopped;
    if (const auto met = look()) return *met;
  }
}

bool Watch::memory_is_up() const {
  const auto sum = [&](int64_t (*bytes)(pid_t)) {
    int64_t total = 0;
    for (const pid_t pid : program_.programs) total += bytes(pid);
    return total;
  };
  return sum(MemoryOf) > limits_.memory_bytes && sum(ShareOfMemory) > limits_.memory_bytes;
}

std::optional<WatchEnd> Watch::look() {
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> step = now - last_look_;
  if (step < std::chrono::milliseconds(kLookMilliseconds)) return std::nullopt;
  last_look_ = now;
  program_.look();
  partner_.look();
  many_ = many_ || program_.threads > 1;
  if (memory_is_up()) return WatchEnd::kMemoryLimit;
  waited_seconds_ += std::min(step.count(), program_.waited_seconds + partner_.waited_seconds);
  if (program_.cpu_seconds + partner_.cpu_seconds >= limits_.seconds) return WatchEnd::kTimeLimit;
  const double passed = std::chrono::duration<double>(now - start_).count();
  const bool ready = program_.ready || partner_.ready;
  if (!ready && passed - waited_seconds_ >= limits_.seconds) return WatchEnd::kTimeLimit;
  if (passed < kPatience * limits_.seconds) return std::nullopt;
  // Of one thread all is known; one that is many may have hidden what it used.
  return many_ ? WatchEnd::kTimeLimit : WatchEnd::kStarved;
}

bool Drain(int output, size_t limit, std::string& text) {
  std::array<char, 65536> buffer;
  while (text.size() <= limit) {
    const ssize_t got = ::read(output, buffer.data(), buffer.size());
    if (got <= 0) return true;
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  return false;
}

}  // namespace restem
