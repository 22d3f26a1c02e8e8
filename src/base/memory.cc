#include "base/memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/file.h"

namespace restem {

int64_t PeakRssBytes() {
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;  // Linux reports KiB
}

int64_t MachineMemoryBytes() {
  const int64_t physical = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  const auto limit = ReadFile("/sys/fs/cgroup/memory.max");
  int64_t bytes = 0;
  if (limit.ok() &&
      std::from_chars(limit->data(), limit->data() + limit->size(), bytes).ec == std::errc()) {
    return std::min(physical, bytes);
  }
  return physical;
}

void ReturnFreedBlocks() {
  constexpr int kBytes = 2 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kBytes);
}

}  // namespace restem
