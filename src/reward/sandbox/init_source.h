// The text of init.py, which CMake puts into the binary.
#pragma once

#include <string_view>

namespace restem {

extern const std::string_view kInitSource;

}  // namespace restem
