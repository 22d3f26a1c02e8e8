#include "reward/sandbox/processes.h"

#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/status.h"

namespace restem {

std::vector<pid_t> ProcessTree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (size_t i = 0; i < tree.size(); ++i) {
    // Process 1 starts programs from its first thread; a program's own threads may fork too, and
    // are then found once their child is handed to process 1.
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", tree[i]));
    for (pid_t child = 0; children >> child;) tree.push_back(child);
  }
  return tree;
}

int64_t PrivateMemory(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  int64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared)) return 0;
  return (resident - shared) * ::sysconf(_SC_PAGESIZE);
}

int64_t ThreadsOf(pid_t pid) {
  const auto threads = ProcessStatus(pid, "Threads");
  return threads ? std::strtoll(threads->c_str(), nullptr, 10) : 0;
}

double WaitedForCore(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  double on_core = 0, waiting = 0;  // nanoseconds
  return file >> on_core >> waiting ? waiting * 1e-9 : 0.0;
}

std::optional<std::string> ProcessStatus(pid_t pid, const std::string& name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":"))
      return std::string(absl::StripAsciiWhitespace(line.substr(name.size() + 1)));
  }
  return std::nullopt;
}

}  // namespace restem
