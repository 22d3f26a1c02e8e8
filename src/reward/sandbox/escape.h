// Proves a sandbox closed by trying to get out of it.
#pragma once

#include "base/status.h"
#include "reward/sandbox/options.h"

namespace restem {

// Starts a sandbox with a program that tries to read and change a file of this process's, to reach
// its sockets and environment, to become root, to mount, trace and make namespaces, and to exceed
// its limits (try_escape.py has the list). The number of attempts, all failed; Failed, naming them,
// where one succeeded, here or as seen from outside; the errors of Sandbox::start().
absl::StatusOr<int> TryToEscape(SandboxOptions options, const ProgramLimits& limits);

}  // namespace restem
