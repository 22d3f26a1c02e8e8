// Which of a node's GPUs is this process's.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "comm/launch.h"

namespace restem {

// What CUDA_VISIBLE_DEVICES has to be, where it is `visible` now (nullopt: not set); nullopt: as it
// is. Processes of a node take its GPUs in the order of their local ranks; where the launcher shows
// each a GPU of its own already, that is it. InvalidInput where there are fewer GPUs than
// processes.
absl::StatusOr<std::optional<std::string>> OwnGpu(const Launch& launch,
                                                  const std::optional<std::string>& visible);

// Does so for this process, before anything asks CUDA.
absl::Status SeeOwnGpuOnly(const Launch& launch);

}  // namespace restem
