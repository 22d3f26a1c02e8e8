#include "reward/sandbox/spawn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.h"
#include "reward/sandbox/memory_file.h"

namespace restem {
namespace {

constexpr int kAboveAllTargets = 64;

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
    posix_spawnattr_setpgroup(&attributes_, 0);  // a ^C at the terminal is not meant for it
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~Setup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  // Moved out of the way first: a target's number may be a source of a later one.
  absl::Status inherit(const Inherited& one) {
    moved_.emplace_back(::fcntl(one.ours, F_DUPFD_CLOEXEC, kAboveAllTargets));
    if (!moved_.back().valid()) return SystemError("copy a descriptor");
    posix_spawn_file_actions_adddup2(&actions_, moved_.back().get(), one.theirs);
    return absl::OkStatus();
  }
  // What this process was itself handed, by a shell say, is nobody else's.
  void close_from(int number) { posix_spawn_file_actions_addclosefrom_np(&actions_, number); }
  // 0, or what went wrong.
  int spawn(const std::vector<std::string>& argv, pid_t& pid) {
    const char* path = std::getenv("PATH");
    std::string variable = fmt::format("PATH={}", path == nullptr ? "/usr/bin:/bin" : path);
    char* environment[] = {variable.data(), nullptr};
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return ::posix_spawnp(&pid, words[0], &actions_, &attributes_, words.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  std::vector<UniqueFd> moved_;
};

}  // namespace

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv,
                            std::span<const Inherited> inherited) {
  Setup setup;
  int last = STDERR_FILENO;
  for (const Inherited& one : inherited) {
    RESTEM_RETURN_IF_ERROR(setup.inherit(one));
    last = std::max(last, one.theirs);
  }
  setup.close_from(last + 1);
  pid_t pid = 0;
  if (const int error = setup.spawn(argv, pid); error != 0)
    return InvalidInput(fmt::format("cannot start '{}': {}", argv[0], std::strerror(error)));
  return pid;
}

}  // namespace restem
