#include "reward/sandbox/processes.h"

#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/status.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> ThreadFolders(pid_t pid) {
  std::vector<std::string> folders;
  std::error_code error;
  fs::directory_iterator thread(fmt::format("/proc/{}/task", pid), error);
  for (; !error && thread != fs::directory_iterator(); thread.increment(error))
    folders.push_back(thread->path());
  return folders;
}

// "pid (name) state …" from the state on. The name may hold anything, newlines too; what follows it
// holds no bracket.
std::string StatFields(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text, '\0');  // all of it; nothing, and no exception, where it ended meanwhile
  const size_t name_end = text.rfind(") ");
  return name_end == std::string::npos ? "" : text.substr(name_end + 2);
}

// utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
double CpuSeconds(pid_t pid) {
  std::istringstream fields(StatFields(fmt::format("/proc/{}/stat", pid)));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  int64_t ticks = 0, total = 0;
  for (int field = 14; field <= 17 && fields >> ticks; ++field) total += ticks;
  return static_cast<double>(total) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double WaitedSeconds(const std::string& thread) {
  std::ifstream file(thread + "/schedstat");
  double on_core = 0, waiting = 0;  // nanoseconds
  return file >> on_core >> waiting ? waiting * 1e-9 : 0.0;
}

// The sum of lines "Name: 123 kB", in bytes; nullopt where there is none of them.
template <size_t kNames>
std::optional<int64_t> SumOfLines(const std::string& path,
                                  const std::array<std::string_view, kNames>& names) {
  std::ifstream file(path);
  std::optional<int64_t> sum;
  for (std::string line; std::getline(file, line);) {
    const std::string_view name = std::string_view(line).substr(0, line.find(':'));
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    sum = sum.value_or(0) + (std::strtoll(line.c_str() + name.size() + 1, nullptr, 10) << 10);
  }
  return sum;
}

}  // namespace

std::vector<pid_t> ProcessTree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (size_t i = 0; i < tree.size(); ++i) {
    for (const std::string& thread : ThreadFolders(tree[i])) {
      std::ifstream children(thread + "/children");
      for (pid_t child = 0; children >> child;) tree.push_back(child);
    }
  }
  return tree;
}

ProcessUsage UsageOf(pid_t pid) {
  ProcessUsage usage;
  usage.cpu_seconds = CpuSeconds(pid);
  for (const std::string& thread : ThreadFolders(pid)) {
    ++usage.threads;
    usage.waited_seconds += WaitedSeconds(thread);
    usage.ready = usage.ready || StatFields(thread + "/stat").starts_with("R");
  }
  return usage;
}

int64_t MemoryOf(pid_t pid) {
  constexpr std::array<std::string_view, 4> kLines = {"RssAnon", "RssShmem", "VmPTE", "VmSwap"};
  // A process whose first thread has ended has its memory in the others' files.
  for (const std::string& thread : ThreadFolders(pid)) {
    if (const auto sum = SumOfLines(thread + "/status", kLines)) return *sum;
  }
  return 0;
}

int64_t ShareOfMemory(pid_t pid) {
  constexpr std::array<std::string_view, 3> kLines = {"Pss_Anon", "Pss_Shmem", "SwapPss"};
  for (const std::string& thread : ThreadFolders(pid)) {
    const auto pages = SumOfLines(thread + "/smaps_rollup", kLines);
    const auto tables = SumOfLines(thread + "/status", std::array<std::string_view, 1>{"VmPTE"});
    if (pages) return *pages + tables.value_or(0);
  }
  return MemoryOf(pid);
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
