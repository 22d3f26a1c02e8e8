// Which letters are words, units and functions, and which are variables.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reward/math/token.h"

namespace restem::math {

// The function's one name: "arcsin" for arcsin, asin. Empty where it is none.
std::string FunctionName(std::string_view word);

// Is the token a word (of a unit or a sentence) rather than a product of variables?
// `behind_number`: whether a number stands before it, so that "m" may be metres.
bool IsWord(const Token& token, bool behind_number);

// "twelve": 12, up to a hundred.
std::optional<int64_t> NumberWord(std::string_view word);

// A unit in one spelling and the factor to the base unit of its dimension: "centimeters" is "m" and
// 1/100.
struct Unit {
  std::string base;
  int64_t num = 1;
  int64_t den = 1;
};
// nullopt for words that are no known unit ("apples").
std::optional<Unit> KnownUnit(std::string_view words);

}  // namespace restem::math
