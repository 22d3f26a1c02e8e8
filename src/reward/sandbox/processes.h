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

// Bytes of memory that a process alone has; 0 once it has ended.
int64_t PrivateMemory(pid_t pid);

// Seconds that a process's first thread was ready to run and had no core; 0 where the kernel does
// not tell.
double WaitedForCore(pid_t pid);

// CPU time of a process, of all its threads and of its children that have ended, in seconds; 0 once
// it has ended itself.
double CpuSeconds(pid_t pid);

// Is any thread of a process running or waiting for a core?
bool ReadyToRun(pid_t pid);

// A line "Name:	value" of /proc/<pid>/status; nullopt where it cannot be read.
std::optional<std::string> ProcessStatus(pid_t pid, const std::string& name);

}  // namespace restem
