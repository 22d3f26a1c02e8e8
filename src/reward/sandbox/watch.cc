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

Watch::Account::Account(pid_t first)
    : process(first), waited_before(WaitedForCore(first)), cpu_before(CpuSeconds(first)) {}

double Watch::Account::waited_seconds(const std::vector<pid_t>& tree) const {
  const double first = tree.size() > 1 ? WaitedForCore(tree[1]) : 0.0;
  return WaitedForCore(process) - waited_before + first;
}

double Watch::Account::cpu_seconds(const std::vector<pid_t>& tree) const {
  double seconds = -cpu_before;
  for (const pid_t pid : tree) seconds += CpuSeconds(pid);
  return seconds;
}

Watch::Watch(Sandbox& program, const WatchLimits& limits, const Sandbox* partner)
    : limits_(limits),
      program_(program.process()),
      partner_(partner == nullptr ? std::nullopt : std::optional<Account>(partner->process())) {}

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

bool Watch::time_is_up(const std::vector<pid_t>& tree, double passed) const {
  if (program_.cpu_seconds(tree) >= limits_.seconds) return true;
  double waited = program_.waited_seconds(tree);
  bool ready = std::any_of(tree.begin(), tree.end(), ReadyToRun);
  if (partner_) {
    const std::vector<pid_t> theirs = ProcessTree(partner_->process);
    waited += partner_->waited_seconds(theirs);
    ready = ready || std::any_of(theirs.begin(), theirs.end(), ReadyToRun);
  }
  return !ready && passed - waited >= limits_.seconds;
}

std::optional<WatchEnd> Watch::limit_met() const {
  const double passed = passed_seconds();
  if (passed * 1000 < kLookMilliseconds) return std::nullopt;
  const std::vector<pid_t> tree = ProcessTree(program_.process);
  int64_t memory = 0;
  for (size_t i = 1; i < tree.size(); ++i) memory += PrivateMemory(tree[i]);
  if (memory > limits_.memory_bytes) return WatchEnd::kMemoryLimit;
  if (passed < limits_.seconds) return std::nullopt;
  if (time_is_up(tree, passed)) return WatchEnd::kTimeLimit;
  return passed < kPatience * limits_.seconds ? std::nullopt : std::optional(WatchEnd::kStarved);
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
