#include "reward/code/outcome.h"

#include <fmt/format.h>
#include <signal.h>

namespace restem {

Judgement LimitJudgement(WatchEnd end, const CodeOptions& options) {
  switch (end) {
    case WatchEnd::kTimeLimit:
      return {
          VerdictKind::kWrong, "", fmt::format("it ran longer than {} s", options.timeout_seconds)};
    case WatchEnd::kMemoryLimit:
      return {VerdictKind::kWrong, "", fmt::format("it used more than {} MiB", options.memory_mb)};
    case WatchEnd::kOutputLimit:
      return {VerdictKind::kWrong,
              "",
              fmt::format("it wrote more than {} MiB", options.watch_limits().output_bytes >> 20)};
    case WatchEnd::kStarved:
      return {VerdictKind::kError, "", "the machine gave the program no time to run"};
    case WatchEnd::kStopped:
      return {VerdictKind::kError, "", "stopped by a signal"};
    case WatchEnd::kReported:
    case WatchEnd::kBroken:
      break;
  }
  return {VerdictKind::kError, "", "the sandbox died with the program"};
}

std::string EndInWords(const ProgramReport& report, const CodeOptions& options) {
  if (report.cpu_seconds >= options.timeout_seconds && report.signal == SIGKILL)
    return fmt::format("it ran longer than {} s", options.timeout_seconds);
  if (report.signal) return fmt::format("it was killed by signal {}", *report.signal);
  return fmt::format("it exited with {}", report.exit.value_or(-1));
}

Judgement ErrorJudgement(const absl::Status& status) {
  return {VerdictKind::kError, "", std::string(MessageOf(status))};
}

}  // namespace restem
