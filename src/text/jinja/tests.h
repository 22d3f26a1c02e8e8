// What follows `is`.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja/runtime.h"

namespace restem::jinja {

// nullptr where there is none. `self` of the method is the value that is tested.
Method FindTest(std::string_view name);
std::string NoTest(std::string_view name);

}  // namespace restem::jinja
