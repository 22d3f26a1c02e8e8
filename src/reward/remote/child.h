// A child process with pipes to its stdin, stdout and stderr.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/unique_fd.h"

namespace restem {

struct WorkerCommand {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::string directory;          // working folder; empty: this process's
};

struct Child {
  pid_t pid = 0;
  UniqueFd in;   // write end of its stdin
  UniqueFd out;  // read ends
  UniqueFd err;
};

// Starts a child as the leader of a process group of its own, with this process's environment, and
// Python told not to hold its output back. None of the three pipes blocks. InvalidInput where the
// program cannot be started.
absl::StatusOr<Child> StartChild(const WorkerCommand& command);

// Whether it has ended, without reaping it: its pid still names its group, and not a stranger's.
bool HasEnded(pid_t pid);
// Waits for that; false where `limit` passed before.
bool WaitForEnd(pid_t pid, std::chrono::milliseconds limit);
// "ended with exit code 3", "was killed by signal 9"; of a child that has ended.
std::string HowItEnded(pid_t pid);
// Kills its group, also what the child has started, and reaps it.
void KillGroup(pid_t pid);

}  // namespace restem
