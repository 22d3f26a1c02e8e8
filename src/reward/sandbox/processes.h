// The processes of a sandbox, seen from outside through /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace restem {

// `root` and what descends from it, `root` first. Those that end meanwhile may be missing.
std::vector<pid_t> ProcessTree(pid_t root);

// What a process and its threads are doing and have used; zeros once it has ended.
struct ProcessUsage {
  double cpu_seconds =
      0;  // of its threads, and of its children that have ended and were waited for
  double waited_seconds = 0;  // in which its threads were ready to run and had no core; 0 where the
                              // kernel does not tell
  int64_t threads = 0;
  bool ready = false;  // a thread runs, or waits for a core
};
ProcessUsage UsageOf(pid_t pid);

// Bytes of memory of a process, page tables with it. What it shares with others (after a fork, say)
// counts in full.
int64_t MemoryOf(pid_t pid);
// The same with each shared page divided among those who share it: exact in the sum, and slow. The
// above where the kernel does not tell.
int64_t ShareOfMemory(pid_t pid);

// A line "Name:\tvalue" of /proc/<pid>/status; nullopt where it cannot be read.
std::optional<std::string> ProcessStatus(pid_t pid, const std::string& name);

}  // namespace restem
