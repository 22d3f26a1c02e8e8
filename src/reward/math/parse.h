// From text to tree.
#pragma once

#include <optional>
#include <string_view>

#include "reward/math/node.h"

namespace restem::math {

// An answer in LaTeX or plain text; nullopt where it is no mathematics that is understood (then it
// is text). a ± b is the list of its two values.
std::optional<Node> Parse(std::string_view text);

}  // namespace restem::math
