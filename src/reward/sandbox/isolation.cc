#include "reward/sandbox/isolation.h"

#include <absl/strings/str_split.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "reward/sandbox/memory_file.h"
#include "reward/sandbox/processes.h"

namespace restem {
namespace {

absl::Status Leak(const std::string& what) {
  return Failed(fmt::format("the sandbox is not closed: {}", what));
}

// This process's user namespace may number users otherwise than the kernel.
std::optional<uint64_t> KernelUser(uint64_t uid) {
  std::ifstream map("/proc/self/uid_map");
  for (uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) {
    if (uid >= inside && uid - inside < count) return outside + (uid - inside);
  }
  return std::nullopt;
}

absl::Status CheckUser(pid_t process, const SandboxUser& user) {
  const std::string text = ProcessStatus(process, "Uid").value_or("");
  std::istringstream uids(text);
  int seen = 0;
  for (uint64_t uid = 0; uids >> uid; ++seen) {
    if (KernelUser(uid).value_or(0) == 0) return Leak("programs would run as the kernel's root");
    if (uid != user.uid().value_or(::geteuid()))
      return Leak(fmt::format("programs would run as user {}", uid));
  }
  return seen == 4 ? absl::OkStatus() : Leak("the user of its process 1 cannot be seen");
}

absl::Status CheckPrivileges(pid_t process) {
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    const std::string bits = ProcessStatus(process, set).value_or("?");
    if (bits.find_first_not_of('0') != std::string::npos)
      return Leak(fmt::format("programs would have capabilities ({} {})", set, bits));
  }
  if (ProcessStatus(process, "NoNewPrivs").value_or("") != "1")
    return Leak("programs could gain privileges (NoNewPrivs is not set)");
  if (ProcessStatus(process, "Seccomp").value_or("") != "2")
    return Leak("system calls are not filtered (this kernel may lack seccomp)");
  return absl::OkStatus();
}

std::string NamespaceOf(const std::string& process, const char* kind) {
  std::array<char, 64> link;
  const std::string path = fmt::format("/proc/{}/ns/{}", process, kind);
  const ssize_t size = ::readlink(path.c_str(), link.data(), link.size());
  return size > 0 ? std::string(link.data(), static_cast<size_t>(size)) : "";
}

absl::Status CheckNamespaces(pid_t process) {
  for (const char* kind : {"pid", "net", "mnt", "ipc", "uts"}) {
    const std::string inside = NamespaceOf(std::to_string(process), kind);
    if (inside.empty()) return Leak(fmt::format("its namespace of kind {} cannot be seen", kind));
    if (inside == NamespaceOf("self", kind))
      return Leak(fmt::format("it shares the namespace of kind {} with restem", kind));
  }
  return absl::OkStatus();
}

// /proc/<pid>/mountinfo: "36 35 98:0 /root /mount/point rw,noatime … - type source rw,size=…"
absl::Status CheckMounts(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/mountinfo", process));
  int seen = 0;
  for (std::string line; std::getline(file, line); ++seen) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash == words.end() || words.end() - dash < 4 || words.size() < 6)
      return Leak(fmt::format("its mounts cannot be read: {}", line));
    const std::string& place = words[4];
    if (words[5].starts_with("ro,") || words[5] == "ro") continue;
    const bool sized_tmp =
        place == "/tmp" && dash[1] == "tmpfs" && dash[3].find("size=") != std::string::npos;
    const bool device = place == "/dev/null" || place == "/dev/full" || place == "/dev/random" ||
                        place == "/dev/urandom";
    if (!sized_tmp && !device) return Leak(fmt::format("{} can be written to", place));
  }
  return seen > 0 ? absl::OkStatus() : Leak("its mounts cannot be seen");
}

// Without it nobody could tell what a program's processes use.
absl::Status CheckAccount(pid_t process) {
  const std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", process));
  return children ? absl::OkStatus()
                  : Leak("this kernel does not list a process's children (CONFIG_PROC_CHILDREN)");
}

}  // namespace

absl::Status CheckIsolation(pid_t process, const SandboxUser& user) {
  RESTEM_RETURN_IF_ERROR(CheckAccount(process));
  RESTEM_RETURN_IF_ERROR(CheckUser(process, user));
  RESTEM_RETURN_IF_ERROR(CheckPrivileges(process));
  RESTEM_RETURN_IF_ERROR(CheckNamespaces(process));
  return CheckMounts(process);
}

}  // namespace restem
