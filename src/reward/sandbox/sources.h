// The texts of this folder's Python files, which CMake puts into the binary.
#pragma once

#include <string_view>

namespace restem {

extern const std::string_view kInitSource;
extern const std::string_view kTryEscapeSource;

}  // namespace restem
