#include "reward/sandbox/watch.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "base/shutdown.h"
#include "reward/sandbox/processes.h"

namespace restem {
namespace {

constexpr int kLookMilliseconds = 20;
// Of wall-clock time, where a program is never given a core: 20 times its own.
constexpr double kPatience = 20.0;

}  // namespace

Watch::Watch(Sandbox& program, const WatchLimits& limits)
    : program_(program), limits_(limits), waited_before_(WaitedForCore(program.process())) {}

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
    if (const auto met = limit_met()) return *met;
  }
}

double Watch::passed_seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

double Watch::charged_seconds() const {
  const std::vector<pid_t> tree = ProcessTree(program_.process());
  double waited = WaitedForCore(program_.process()) - waited_before_;
  if (tree.size() > 1) waited += WaitedForCore(tree[1]);
  return passed_seconds() - waited;
}

std::optional<WatchEnd> Watch::limit_met() const {
  const double passed = passed_seconds();
  if (passed * 1000 < kLookMilliseconds) return std::nullopt;
  int64_t memory = 0, threads = 0;
  for (const pid_t pid : ProcessTree(program_.process())) {
    if (pid == program_.process()) continue;
    memory += PrivateMemory(pid);
    threads += ThreadsOf(pid);
  }
  if (memory > limits_.memory_bytes) return WatchEnd::kMemoryLimit;
  if (passed < limits_.seconds) return std::nullopt;
  if (charged_seconds() >= limits_.seconds) return WatchEnd::kTimeLimit;
  if (passed < kPatience * limits_.seconds) return std::nullopt;
  // One that is many keeps itself from the cores.
  return threads > 1 ? WatchEnd::kTimeLimit : WatchEnd::kStarved;
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
