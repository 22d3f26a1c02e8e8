// Starts another program with chosen descriptors.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

struct Inherited {
  int ours;    // descriptor of this process
  int theirs;  // its number in the child
};

struct SpawnOptions {
  std::vector<std::string> argv;         // argv[0] is looked up in this process's PATH
  std::string directory;                 // working folder; empty: this process's
  std::vector<std::string> environment;  // "NAME=value"
  // Their numbers follow the standard streams, of which those that are not named are /dev/null,
  // without a gap. The child has no other descriptor, whatever this process was handed itself.
  std::vector<Inherited> inherited;
};

// The child has default signals and leads a process group of its own, so a ^C at the terminal does
// not reach it. InvalidInput where it cannot be started.
absl::StatusOr<pid_t> Spawn(const SpawnOptions& options);

}  // namespace restem
