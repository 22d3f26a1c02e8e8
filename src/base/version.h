#pragma once

#include <string_view>

namespace restem {

// Of this program, "major.minor.patch".
std::string_view Version();

}  // namespace restem
