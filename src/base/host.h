// This machine's name.
#pragma once

#include <string>

namespace restem {

std::string HostName();

}  // namespace restem
