// Files without a name, to hand texts to another process.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/unique_fd.h"

namespace restem {

// A file in memory that holds `content`, at its start; closed on exec. Nobody can change it, unless
// it is empty and so made to be written to. Failed where the kernel has no memory or descriptor
// left.
absl::StatusOr<UniqueFd> MemoryFile(std::string_view content);

// All that was written to such a file, at most `limit` bytes.
std::string ReadMemoryFile(const UniqueFd& file, size_t limit);

// The end of a failed system call: "cannot <doing>: <why>".
absl::Status SystemError(std::string_view doing);

}  // namespace restem
