// Mathematics inside of running text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace restem::math {

// The last formula, or run of words that are no prose and hold a number, of a text; the last line
// where there is none.
std::optional<std::string> LastExpression(std::string_view text);

// The only such run in a sentence ("she has 5 apples left": 5); empty where there are several, or
// none, or the sentence denies it.
std::string OnlyExpression(std::string_view sentence);

}  // namespace restem::math
