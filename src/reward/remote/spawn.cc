#include "reward/remote/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>
#include <thread>

extern char** environ;

namespace restem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Close-on-exec, or one worker would hold another's stdin open.
absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> fds;
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    return Failed(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void SetNonBlocking(const UniqueFd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<std::string> WorkerEnvironment() {
  std::vector<std::string> variables = {"PYTHONUNBUFFERED=1"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PYTHONUNBUFFERED="))
      variables.emplace_back(*variable);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  void redirect(const UniqueFd& from, int to) {
    posix_spawn_file_actions_adddup2(&actions_, from.get(), to);
  }

  // 0, or what went wrong.
  int spawn(const WorkerCommand& command, pid_t& pid) {
    if (!command.directory.empty()) {
      posix_spawn_file_actions_addchdir_np(&actions_, command.directory.c_str());
    }
    // Signals that this process ignores or blocks would be so in the child too.
    sigset_t defaults, none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) sigaddset(&defaults, number);
    posix_spawnattr_setsigdefault(&attributes_, &defaults);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    std::vector<std::string> argv = command.argv;
    std::vector<std::string> environment = WorkerEnvironment();
    return ::posix_spawnp(&pid,
                          argv[0].c_str(),
                          &actions_,
                          &attributes_,
                          Pointers(argv).data(),
                          Pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

siginfo_t EndOf(pid_t pid, int extra) {
  siginfo_t info = {};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | extra);
  return info;
}

}  // namespace

absl::StatusOr<Child> Spawn(const WorkerCommand& command) {
  if (command.argv.empty() || command.argv[0].empty()) return InvalidInput("argv names no program");
  RESTEM_ASSIGN_OR_RETURN(Pipe in, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  SpawnSetup setup;
  setup.redirect(in.read, STDIN_FILENO);
  setup.redirect(out.write, STDOUT_FILENO);
  setup.redirect(err.write, STDERR_FILENO);
  Child child;
  if (const int error = setup.spawn(command, child.pid); error != 0) {
    const std::string where =
        command.directory.empty() ? "" : fmt::format(" in folder '{}'", command.directory);
    return InvalidInput(
        fmt::format("cannot start '{}'{}: {}", command.argv[0], where, std::strerror(error)));
  }
  child.in = std::move(in.write);
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  for (const UniqueFd* fd : {&child.in, &child.out, &child.err}) SetNonBlocking(*fd);
  return child;
}

bool HasEnded(pid_t pid) { return EndOf(pid, WNOHANG).si_pid == pid; }

bool WaitForEnd(pid_t pid, milliseconds limit) {
  const auto until = steady_clock::now() + limit;
  while (!HasEnded(pid)) {
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

std::string HowItEnded(pid_t pid) {
  const siginfo_t info = EndOf(pid, 0);
  return info.si_code == CLD_EXITED ? fmt::format("ended with exit code {}", info.si_status)
                                    : fmt::format("was killed by signal {}", info.si_status);
}

void KillGroup(pid_t pid) {
  ::kill(-pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace restem
