#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/unique_fd.h"

namespace restem {
namespace {

constexpr int kAboveAllTargets = 64;

// For exec, which reads only.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

class Setup {
 public:
  Setup() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
      posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_RDWR, 0);
    // Signals that this process ignores or blocks would be so in the child too.
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~Setup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  void change_directory(const std::string& path) {
    posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
  }
  // Moved out of the way first: a target's number may be a source of a later one.
  absl::Status inherit(const Inherited& one) {
    moved_.emplace_back(::fcntl(one.ours, F_DUPFD_CLOEXEC, kAboveAllTargets));
    if (!moved_.back().valid())
      return Failed(fmt::format("cannot copy a descriptor: {}", std::strerror(errno)));
    posix_spawn_file_actions_adddup2(&actions_, moved_.back().get(), one.theirs);
    last_ = std::max(last_, one.theirs);
    return absl::OkStatus();
  }
  // 0, or what went wrong.
  int spawn(const SpawnOptions& options, pid_t& pid) {
    posix_spawn_file_actions_addclosefrom_np(&actions_, last_ + 1);
    return ::posix_spawnp(&pid,
                          options.argv[0].c_str(),
                          &actions_,
                          &attributes_,
                          Pointers(options.argv).data(),
                          Pointers(options.environment).data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<UniqueFd> moved_;
  int last_ = STDERR_FILENO;
};

}  // namespace

absl::StatusOr<pid_t> Spawn(const SpawnOptions& options) {
  if (options.argv.empty() || options.argv[0].empty()) return InvalidInput("argv names no program");
  Setup setup;
  for (const Inherited& one : options.inherited) RESTEM_RETURN_IF_ERROR(setup.inherit(one));
  if (!options.directory.empty()) setup.change_directory(options.directory);
  pid_t pid = 0;
  if (const int error = setup.spawn(options, pid); error != 0) {
    const std::string where =
        options.directory.empty() ? "" : fmt::format(" in folder '{}'", options.directory);
    return InvalidInput(
        fmt::format("cannot start '{}'{}: {}", options.argv[0], where, std::strerror(error)));
  }
  return pid;
}

}  // namespace restem
