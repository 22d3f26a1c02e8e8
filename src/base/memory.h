// What this process uses of the machine.
#pragma once

#include <cstdint>

namespace restem {

// Largest resident set of this process so far, in bytes.
int64_t PeakRssBytes();

// Physical memory of the machine, in bytes; in a container, its limit (cgroup v2) where it is
// smaller.
int64_t MachineMemoryBytes();

}  // namespace restem
