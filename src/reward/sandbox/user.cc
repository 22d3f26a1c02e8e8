#include "reward/sandbox/user.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <utility>

namespace restem {
namespace {

struct Range {
  uint64_t first = 0;
  uint64_t count = 0;
};

// Numbers that nobody's users have (systemd's "Users, Groups, UIDs and GIDs": 1879048192 and above
// are unused), at random, since another restem may run here; where this process's user namespace
// does not have them, the unused ones below 61184.
Range ChooseRange() {
  constexpr Range kHigh = {1879048192, uint64_t{1} << 28};
  constexpr uint64_t kPerProcess = 4096;
  std::ifstream map("/proc/self/uid_map");
  for (uint64_t inside = 0, outside = 0, count = 0; map >> inside >> outside >> count;) {
    if (inside > kHigh.first || inside + count < kHigh.first + kHigh.count) continue;
    const uint64_t block = std::random_device()() % (kHigh.count / kPerProcess);
    return {kHigh.first + block * kPerProcess, kPerProcess};
  }
  return {60706, 61184 - 60706};
}

class Ids {
 public:
  uid_t take() {
    std::lock_guard lock(mutex_);
    for (uint64_t tries = 0; tries < range_.count; ++tries) {
      const auto uid = static_cast<uid_t>(range_.first + next_++ % range_.count);
      if (taken_.insert(uid).second) return uid;
    }
    return static_cast<uid_t>(range_.first);  // more sandboxes than numbers: they share
  }
  void give_back(uid_t uid) {
    std::lock_guard lock(mutex_);
    taken_.erase(uid);
  }

 private:
  const Range range_ = ChooseRange();
  std::mutex mutex_;
  uint64_t next_ = std::random_device()();
  std::set<uid_t> taken_;
};

Ids& AllIds() {
  static auto* const ids = new Ids();
  return *ids;
}

}  // namespace

SandboxUser SandboxUser::take() {
  return SandboxUser(::geteuid() == 0 ? std::optional(AllIds().take()) : std::nullopt);
}

SandboxUser::~SandboxUser() {
  if (uid_) AllIds().give_back(*uid_);
}

SandboxUser::SandboxUser(SandboxUser&& other) noexcept
    : uid_(std::exchange(other.uid_, std::nullopt)) {}

}  // namespace restem
