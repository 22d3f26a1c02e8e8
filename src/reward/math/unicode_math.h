// Unicode spellings of mathematics.
#pragma once

#include <string>
#include <string_view>

namespace restem::math {

// × as \times, ½ as \frac{1}{2}, ² as ^{2}, full-width characters as ASCII, and so on. What has no
// LaTeX spelling stays.
std::string UnicodeToLatex(std::string_view text);

}  // namespace restem::math
