// Starts another program with chosen descriptors.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

struct Inherited {
  int ours;    // descriptor of this process
  int theirs;  // its number in the child
};

// `argv[0]` is looked up in PATH. The child has the descriptors of `inherited` (their numbers
// follow the standard streams without a gap), /dev/null as standard streams where these do not say
// otherwise, no other descriptor, no environment but PATH, default signals, and a process group of
// its own. InvalidInput where it cannot be started.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv,
                            std::span<const Inherited> inherited);

}  // namespace restem
