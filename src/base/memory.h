// What this process uses of the machine.
#pragma once

#include <cstdint>

namespace restem {

// Largest resident set of this process so far, in bytes.
int64_t PeakRssBytes();

// Physical memory of the machine, in bytes; a cgroup's limit where it is smaller.
int64_t MachineMemoryBytes();

}  // namespace restem
