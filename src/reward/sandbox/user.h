// Who programs are to the kernel.
#pragma once

#include <sys/types.h>

#include <optional>

namespace restem {

// A user id that nobody else has, for a sandbox while it lives: what the kernel counts by user
// (processes, pending signals) is then its own. Only root can give one; an ordinary user's
// sandboxes are user namespaces of this process's user.
class SandboxUser {
 public:
  // The next one's, by what this process may do.
  static SandboxUser take();
  ~SandboxUser();
  SandboxUser(SandboxUser&& other) noexcept;
  SandboxUser& operator=(SandboxUser&&) = delete;

  std::optional<uid_t> uid() const { return uid_; }

 private:
  explicit SandboxUser(std::optional<uid_t> uid) : uid_(uid) {}
  std::optional<uid_t> uid_;
};

}  // namespace restem
