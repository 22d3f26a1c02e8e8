#include "reward/code/rooms.h"

#include <utility>

namespace restem {

Rooms::Rooms(SandboxOptions options, size_t count) : options_(std::move(options)) {
  free_.resize(count);
}

absl::StatusOr<Sandbox*> Rooms::living(std::unique_ptr<Sandbox>& sandbox) const {
  if (sandbox == nullptr) {
    RESTEM_ASSIGN_OR_RETURN(sandbox, Sandbox::start(options_));
  }
  return sandbox.get();
}

Rooms::Lease::Lease(Rooms& rooms) : rooms_(rooms) {
  std::unique_lock lock(rooms_.mutex_);
  rooms_.freed_.wait(lock, [&] { return !rooms_.free_.empty(); });
  room_ = std::move(rooms_.free_.back());
  rooms_.free_.pop_back();
}

Rooms::Lease::~Lease() {
  for (auto* sandbox : {&room_.program, &room_.tests}) {
    if (*sandbox != nullptr && (*sandbox)->busy()) sandbox->reset();
  }
  {
    std::lock_guard lock(rooms_.mutex_);
    rooms_.free_.push_back(std::move(room_));
  }
  rooms_.freed_.notify_one();
}

}  // namespace restem
