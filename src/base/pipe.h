// A pipe, closed on exec: whoever is to have an end is handed it by name (base/spawn.h), or by a
// socket.
#pragma once

#include "base/status.h"
#include "base/unique_fd.h"

namespace restem {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Failed where no descriptor is left.
absl::StatusOr<Pipe> MakePipe();

// Of this end only: the other one may block.
void SetNonBlocking(const UniqueFd& end);

}  // namespace restem
