// Which of a machine's addresses others reach it at.
#pragma once

#include <string>

#include "base/status.h"

namespace restem {

// The address of this machine on the way to `host`, a name or a number. Failed where the name has
// no address, or no way leads there.
absl::StatusOr<std::string> LocalAddressToward(const std::string& host);

// Whether only this machine itself reaches it: 127.0.0.1, ::1.
bool IsLoopback(const std::string& address);

}  // namespace restem
