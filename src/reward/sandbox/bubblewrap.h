// The command line that starts a sandbox's process 1.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "reward/sandbox/options.h"
#include "reward/sandbox/user.h"

namespace restem {

// Descriptors that bubblewrap inherits under these numbers.
struct SandboxDescriptors {
  int control = 3;  // stays open in process 1 (init.py: CONTROL)
  int filter = 4;   // system calls
  int info = 5;     // bubblewrap writes {"child-pid": …} there
  int files = 6;    // and the numbers above it: init.py, then options.modules
};

// Nothing is visible but /usr (with what links to it), options.read_only, /restem, four device
// files and an empty /tmp of limited size; only /tmp can be written to. No /proc, no /dev/shm, no
// network, no terminal, no environment. Process 1 is Python in init.py.
std::vector<std::string> BubblewrapCommand(const SandboxOptions& options,
                                           const SandboxUser& user,
                                           const SandboxDescriptors& descriptors);

}  // namespace restem
