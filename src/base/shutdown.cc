#include "base/shutdown.h"

#include <signal.h>

#include <atomic>

namespace restem {
namespace {

std::atomic<int> g_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void OnSignal(int number) { g_signal.store(number); }

}  // namespace

void InstallSignalHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags =
      static_cast<int>(SA_RESETHAND | SA_RESTART);  // the second signal meets the default action
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a worker that died is an error of a write, not of the process
}

bool StopRequested() { return g_signal.load() != 0; }

absl::Status CheckStop() {
  if (!StopRequested()) return absl::OkStatus();
  return Stopped("stopped by a signal");
}

int StopExitCode() {
  switch (g_signal.load()) {
    case 0:
      return 0;
    case SIGINT:
      return kExitInterrupted;
    default:
      return kExitRequeue;
  }
}

}  // namespace restem
