#include "reward/remote/child.h"

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>
#include <thread>

#include "base/pipe.h"
#include "base/spawn.h"

extern char** environ;

namespace restem {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::vector<std::string> WorkerEnvironment() {
  std::vector<std::string> variables = {"PYTHONUNBUFFERED=1"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("PYTHONUNBUFFERED="))
      variables.emplace_back(*variable);
  }
  return variables;
}

siginfo_t EndOf(pid_t pid, int extra) {
  siginfo_t info = {};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | extra);
  return info;
}

}  // namespace

absl::StatusOr<Child> StartChild(const WorkerCommand& command) {
  RESTEM_ASSIGN_OR_RETURN(Pipe in, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  RESTEM_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  Child child;
  RESTEM_ASSIGN_OR_RETURN(child.pid,
                          Spawn({command.argv,
                                 command.directory,
                                 WorkerEnvironment(),
                                 {{in.read.get(), STDIN_FILENO},
                                  {out.write.get(), STDOUT_FILENO},
                                  {err.write.get(), STDERR_FILENO}}}));
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
