#include "reward/sandbox/sandbox.h"

#include <absl/strings/ascii.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/spawn.h"
#include "reward/sandbox/isolation.h"
#include "reward/sandbox/memory_file.h"
#include "reward/sandbox/sources.h"
#include "reward/sandbox/system_calls.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr size_t kMaxMessage = 65536;       // init.py: REQUEST_BYTES
constexpr size_t kMaxDescriptors = 8;       // init.py: DESCRIPTORS
constexpr int kStartMilliseconds = 60'000;  // a loaded machine, a cold disk
constexpr int64_t kStackBytes = int64_t{64} << 20;

json LimitsAsJson(const ProgramLimits& limits) {
  return {{"cpu_seconds", static_cast<int64_t>(limits.seconds) + 1},
          {"memory_bytes", limits.memory_bytes},
          {"processes", limits.processes + 1},  // process 1 counts too
          {"open_files", limits.open_files},
          {"file_bytes", limits.file_bytes},
          {"stack_bytes", std::min(kStackBytes, limits.memory_bytes / 4)}};
}

// One message with the rights to `descriptors`.
absl::Status Send(int socket, const std::string& message, std::span<const int> descriptors) {
  if (message.size() > kMaxMessage) return Failed("a request to the sandbox is too long");
  iovec part = {const_cast<char*>(message.data()), message.size()};
  if (descriptors.size() > kMaxDescriptors) return Failed("too many descriptors for the sandbox");
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> rights = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = rights.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size_bytes());
  }
  if (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0) return SystemError("reach the sandbox");
  return absl::OkStatus();
}

// A JSON object; Failed at the end of the connection, and for anything else.
absl::StatusOr<json> Receive(int socket) {
  std::array<char, 4096> buffer;
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got <= 0) return Failed("the sandbox has ended");
  json message = json::parse(buffer.data(), buffer.data() + got, nullptr, false);
  if (!message.is_object()) return Failed("the sandbox answered what is no answer");
  return message;
}

bool AwaitReadable(int fd, int milliseconds) {
  pollfd waiting = {fd, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&waiting, 1, milliseconds)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

// `said` is what bubblewrap or the interpreter wrote: its last line says it.
absl::Status WhyNot(std::string said) {
  absl::StripAsciiWhitespace(&said);
  const std::string last = said.substr(said.rfind('\n') + 1);
  const auto has = [&](std::string_view words) { return last.find(words) != std::string::npos; };
  if (has("Can't find source path"))
    return InvalidInput(fmt::format("read_only names a folder that is not there: {}", last));
  if (has("ModuleNotFoundError") || has("ImportError"))
    return InvalidInput(
        fmt::format("preload: the interpreter of `python` has no such module: {}", last));
  if (has("failed to execute") || has("execvp")) {
    return InvalidInput(
        fmt::format("python: no such interpreter in the sandbox, which sees /usr and the folders "
                    "of read_only: {}",
                    last));
  }
  return InvalidInput(fmt::format(
      "programs cannot be isolated here, so none is run. bubblewrap said: {}. It needs, as an "
      "ordinary user, user namespaces (outside a chroot; sysctl kernel.unprivileged_userns_clone, "
      "kernel.apparmor_restrict_unprivileged_userns), or as root the capabilities SYS_ADMIN, "
      "NET_ADMIN, SETUID, SETGID and SETPCAP",
      said.empty() ? "nothing" : said));
}

// The system fails first what is worth least.
void PreferForOutOfMemory(pid_t process) {
  std::ofstream(fmt::format("/proc/{}/oom_score_adj", process)) << 1000;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxOptions& options) {
  SandboxUser user = SandboxUser::take();
  const SandboxDescriptors numbers;
  std::array<int, 2> pair;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return SystemError("make a socket");
  UniqueFd ours(pair[0]), theirs(pair[1]);
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd filter, SystemCallFilter());
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd info, MemoryFile(""));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd errors, MemoryFile(""));
  std::vector<Inherited> inherited = {{errors.get(), STDERR_FILENO},
                                      {theirs.get(), numbers.control},
                                      {filter.get(), numbers.filter},
                                      {info.get(), numbers.info}};
  std::vector<UniqueFd> files;
  RESTEM_ASSIGN_OR_RETURN(files.emplace_back(), MemoryFile(kInitSource));
  for (const SandboxModule& module : options.modules) {
    RESTEM_ASSIGN_OR_RETURN(files.emplace_back(), MemoryFile(module.source));
  }
  for (size_t i = 0; i < files.size(); ++i)
    inherited.push_back({files[i].get(), numbers.files + static_cast<int>(i)});
  RESTEM_ASSIGN_OR_RETURN(
      const pid_t bubblewrap,
      Spawn({BubblewrapCommand(options, user, numbers), "", {"PATH=/usr/bin:/bin"}, inherited}));
  theirs.reset();
  std::unique_ptr<Sandbox> sandbox(new Sandbox(std::move(user), bubblewrap, std::move(ours)));
  RESTEM_RETURN_IF_ERROR(sandbox->await_ready(info, errors));
  RESTEM_RETURN_IF_ERROR(CheckIsolation(sandbox->process_, sandbox->user_));
  return sandbox;
}

absl::Status Sandbox::await_ready(const UniqueFd& info, const UniqueFd& errors) {
  const bool spoke = AwaitReadable(control_.get(), kStartMilliseconds);
  const json told = json::parse(ReadMemoryFile(info, 4096), nullptr, false);
  if (told.is_object() && told.contains("child-pid")) {
    process_ = told["child-pid"].get<pid_t>();
    handle_.reset(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
  }
  const bool ready = spoke && Receive(control_.get()).ok();
  if (ready && handle_.valid()) {
    PreferForOutOfMemory(process_);
    return absl::OkStatus();
  }
  return WhyNot(ReadMemoryFile(errors, 8192));
}

Sandbox::~Sandbox() {
  control_.reset();  // at its end process 1 ends by itself
  if (handle_.valid()) ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
  if (!handle_.valid()) ::kill(bubblewrap_, SIGKILL);
  while (::waitpid(bubblewrap_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::Status Sandbox::begin(std::string_view role,
                            json request,
                            const ProgramLimits& limits,
                            std::span<const int> descriptors,
                            bool keep) {
  request["role"] = role;
  request["limits"] = LimitsAsJson(limits);
  request["keep"] = keep;
  busy_ = true;
  return Send(control_.get(), request.dump(), descriptors);
}

absl::StatusOr<ProgramReport> Sandbox::report() {
  RESTEM_ASSIGN_OR_RETURN(const json said, Receive(control_.get()));
  busy_ = false;
  ProgramReport report;
  if (!said.value("exit", json()).is_null()) report.exit = said["exit"].get<int>();
  if (!said.value("signal", json()).is_null()) report.signal = said["signal"].get<int>();
  report.cpu_seconds = said.value("cpu", 0.0);
  report.left = said.value("left", int64_t{0});
  report.dirty = said.value("dirty", false);
  return report;
}

}  // namespace restem
