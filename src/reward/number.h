// Numbers that stay exact fractions as long as 64 bits allow, and are doubles beyond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace restem {

__extension__ using Int128 = __int128;

// num / den in lowest terms, den > 0.
struct Rational {
  int64_t num = 0;
  int64_t den = 1;
  bool operator==(const Rational&) const = default;

  // nullopt where den is 0 or the reduced fraction does not fit.
  static std::optional<Rational> make(Int128 num, Int128 den);
};

struct Number {
  double value = 0.0;             // may be infinite or NaN where the text or the arithmetic says so
  std::optional<Rational> exact;  // the same without rounding
  bool percent = false;           // written with a percent sign; value is what stands before it

  static Number from(Rational exact);
  static Number from(double value);
  // `digits`: decimal digits with at most one point and no sign; times 10^exponent.
  static Number parse(std::string_view digits, int64_t exponent);
};

// Exact where both are and the result fits. Division by zero: NaN.
Number Add(const Number& a, const Number& b);
Number Subtract(const Number& a, const Number& b);
Number Multiply(const Number& a, const Number& b);
Number Divide(const Number& a, const Number& b);
Number Power(const Number& base, const Number& exponent);
Number Negate(const Number& a);

bool IsZero(const Number& a);

// One spelling for equal numbers: "18", "0.75", "1/3", "50%".
std::string ToString(const Number& number);

// |value - gold| <= tolerance * max(1, |gold|). The factor is 1 where both are exact and gold is a
// whole number, and 1000 |gold| where that is below 1. A percentage equals both the number before
// the sign and its hundredth: "50%" is 50, since answers leave the sign out, and 0.5.
bool Equal(const Number& value, const Number& gold, double tolerance);

}  // namespace restem
