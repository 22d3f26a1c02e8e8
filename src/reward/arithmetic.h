// Arithmetic expressions as text: numbers, variables, + - * / ^ (also × ÷ −), unary signs,
// parentheses.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "reward/number.h"

namespace restem {

using Variables = std::map<std::string, Number, std::less<>>;

// The value of `text`: exact as long as 64-bit fractions allow. ^ binds tightest and to the right,
// -2^2 is -4. InvalidInput with the column for a syntax error, an unknown variable, a division by
// zero, a value that is not finite, and nesting deeper than 200.
absl::StatusOr<Number> Evaluate(std::string_view text, const Variables& variables);

}  // namespace restem
