#include "reward/sandbox/processes.h"

#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/status.h"

namespace restem {

namespace {

// "pid (name) state …" from the state on: the name may hold anything.
std::string StatFields(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(") ");
  return name_end == std::string::npos ? "" : line.substr(name_end + 2);
}

}  // namespace

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

double WaitedForCore(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/schedstat", pid));
  double on_core = 0, waiting = 0;  // nanoseconds
  return file >> on_core >> waiting ? waiting * 1e-9 : 0.0;
}

double CpuSeconds(pid_t pid) {
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
  std::istringstream fields(StatFields(fmt::format("/proc/{}/stat", pid)));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  int64_t ticks = 0, total = 0;
  for (int field = 14; field <= 17 && fields >> ticks; ++field) total += ticks;
  return static_cast<double>(total) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

bool ReadyToRun(pid_t pid) {
  std::error_code error;
  const std::filesystem::directory_iterator threads(fmt::format("/proc/{}/task", pid), error);
  for (const auto& thread : threads) {
    if (StatFields(thread.path().string() + "/stat").starts_with("R")) return true;
  }
  return false;
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
