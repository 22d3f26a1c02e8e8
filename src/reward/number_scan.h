// Numbers as people and models write them inside running text.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "reward/number.h"

namespace restem {

struct FoundNumber {
  size_t begin = 0;  // of the first digit; a sign and a currency symbol stand before it
  size_t end = 0;    // one past the last character that belongs to it
  Number number;     // NaN for a fraction over zero
};

// Every number of `text` in order: 18, -3, 1,234,567, 1{,}234, .5, 2.5e-3, 1.5 × 10^4, 3/4, 1 1/2,
// 1½, \frac{3}{4}, $5, -$5, 50%, 5kg. Not numbers: digits inside a word (n0, CO2), exponents (m^2),
// dotted runs (1.2.3). A minus is a sign where nothing that could be subtracted from stands
// directly before it: "16-3" holds 16 and 3. Number words ("three", "million") are not read.
std::vector<FoundNumber> FindNumbers(std::string_view text);

}  // namespace restem
