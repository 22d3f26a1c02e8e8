// A closed room with a warm interpreter, in which one program after another runs.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/unique_fd.h"
#include "reward/sandbox/bubblewrap.h"
#include "reward/sandbox/options.h"

namespace restem {

// What became of a program.
struct ProgramReport {
  std::optional<int> exit;    // its exit code, or
  std::optional<int> signal;  // the signal that killed it
  double cpu_seconds = 0;     // of all its processes
  int64_t left = 0;           // processes that it left running; they were killed
  bool dirty = false;         // it left files in /tmp, or changed the folder

  bool clean() const { return left == 0 && !dirty; }
};

// Used by one thread at a time. What the kernel says of it is checked at its start
// (reward/sandbox/isolation.h).
class Sandbox {
 public:
  // InvalidInput where isolation cannot be had on this machine, saying what is missing.
  static absl::StatusOr<std::unique_ptr<Sandbox>> start(const SandboxOptions& options);
  ~Sandbox();  // kills all that is in it
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Starts a program: `role` is one of options.roles, `request` what its main() reads besides,
  // `descriptors` what it gets. With `keep`, files in /tmp are no reason to call it dirty. Failed
  // where the sandbox has died.
  absl::Status begin(std::string_view role,
                     nlohmann::json request,
                     const ProgramLimits& limits,
                     std::span<const int> descriptors,
                     bool keep = false);
  // Becomes readable when the program has ended.
  int control() const { return control_.get(); }
  // To be called then. Failed where the sandbox has died with its program.
  absl::StatusOr<ProgramReport> report();

  pid_t process() const { return process_; }  // process 1, as this process numbers it
  bool busy() const { return busy_; }         // a program has begun, and its report was not read

 private:
  Sandbox(SandboxUser user, pid_t bubblewrap, UniqueFd control)
      : user_(std::move(user)), bubblewrap_(bubblewrap), control_(std::move(control)) {}

  absl::Status await_ready(const UniqueFd& info, const UniqueFd& errors);

  const SandboxUser user_;
  const pid_t bubblewrap_;  // our child
  UniqueFd control_;
  pid_t process_ = 0;
  UniqueFd handle_;  // of process_, so that a number used again is never killed
  bool busy_ = false;
};

}  // namespace restem
