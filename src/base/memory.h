// What this process uses of the machine.
#pragma once

#include <cstdint>

namespace restem {

// Largest resident set of this process so far, in bytes.
int64_t PeakRssBytes();

// Physical memory of the machine, in bytes; in a container, its limit (cgroup v2) where it is
// smaller.
int64_t MachineMemoryBytes();

// From now on, freed blocks of 2 MiB and more go back to the system at once. Otherwise glibc keeps
// what was freed up to 32 MiB a block, for each thread that allocates: where several threads take
// and free a model's layers in turn, that is as much again as the layers.
void ReturnFreedBlocks();

}  // namespace restem
