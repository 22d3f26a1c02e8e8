#include "reward/number.h"

#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/status.h"

namespace restem {
namespace {

constexpr double kSmall = 1e-3;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Int128 Gcd(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

bool Fits(Int128 n) {
  return n >= std::numeric_limits<int64_t>::min() + 1 && n <= std::numeric_limits<int64_t>::max();
}

Number FromEither(std::optional<Rational> exact, double value) {
  return exact ? Number::from(*exact) : Number::from(value);
}

std::optional<Rational> PowerExact(Rational base, int64_t exponent) {
  if (exponent < 0) {
    const auto inverse = Rational::make(base.den, base.num);
    if (!inverse) return std::nullopt;
    base = *inverse;
    exponent = -exponent;
  }
  Rational result{1, 1};
  for (int64_t i = 0; i < exponent; ++i) {
    const auto next = Rational::make(Int128{result.num} * base.num, Int128{result.den} * base.den);
    if (!next) return std::nullopt;
    result = *next;
  }
  return result;
}

// |a - b| without the rounding of doubles: the products are below 2^126.
double Distance(const Number& a, const Number& b) {
  if (!a.exact || !b.exact) return std::abs(a.value - b.value);
  const Int128 difference =
      Int128{a.exact->num} * b.exact->den - Int128{b.exact->num} * a.exact->den;
  const double scale = static_cast<double>(a.exact->den) * static_cast<double>(b.exact->den);
  return std::abs(static_cast<double>(difference)) / scale;
}

bool EqualPlain(const Number& value, const Number& gold, double tolerance) {
  if (!std::isfinite(value.value) || !std::isfinite(gold.value)) return false;
  // Relative to a whole number, 1e-6 would take 123456789 for 123456788.
  const bool whole = value.exact && gold.exact && gold.exact->den == 1;
  const double size = std::abs(gold.value);
  // Nor is 1e-6 the same as 2e-6, with a tolerance of that size.
  const double scale = whole ? 1.0 : size < kSmall ? size / kSmall : std::max(1.0, size);
  return Distance(value, gold) <= tolerance * scale;
}

bool HasFiniteDecimals(int64_t den) {
  while (den % 2 == 0) den /= 2;
  while (den % 5 == 0) den /= 5;
  return den == 1;
}

}  // namespace

std::optional<Rational> Rational::make(Int128 num, Int128 den) {
  if (den == 0) return std::nullopt;
  const Int128 divisor = Gcd(num, den);
  num /= divisor;
  den /= divisor;
  if (den < 0) {
    num = -num;
    den = -den;
  }
  if (!Fits(num) || !Fits(den)) return std::nullopt;
  return Rational{static_cast<int64_t>(num), static_cast<int64_t>(den)};
}

Number Number::from(Rational exact) {
  Number number;
  number.value = static_cast<double>(exact.num) / static_cast<double>(exact.den);
  number.exact = exact;
  return number;
}

Number Number::from(double value) {
  Number number;
  number.value = value;
  return number;
}

Number Number::parse(std::string_view digits, int64_t exponent) {
  constexpr int64_t kMaxPower = 18;  // 10^18 is the largest power of ten in 64 bits
  Int128 num = 0;
  int64_t power = exponent;
  bool after_point = false;
  bool exact = true;
  for (const char c : digits) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    num = num * 10 + (c - '0');
    if (after_point) --power;
    exact = exact && num <= std::numeric_limits<int64_t>::max();
    if (!exact) break;
  }
  if (exact && power >= -kMaxPower && power <= kMaxPower) {
    Int128 scale = 1;
    for (int64_t i = 0; i < std::abs(power); ++i) scale *= 10;
    const auto value = power >= 0 ? Rational::make(num * scale, 1) : Rational::make(num, scale);
    if (value) return from(*value);
  }
  double value = kNan;
  // Infinite where it is too large, which equals nothing.
  if (!absl::SimpleAtod(fmt::format("{}e{}", digits, exponent), &value)) value = kNan;
  return from(value);
}

Number Add(const Number& a, const Number& b) {
  std::optional<Rational> exact;
  if (a.exact && b.exact) {
    // Each product is below 2^126, so the sum fits.
    exact =
        Rational::make(Int128{a.exact->num} * b.exact->den + Int128{b.exact->num} * a.exact->den,
                       Int128{a.exact->den} * b.exact->den);
  }
  return FromEither(exact, a.value + b.value);
}

Number Subtract(const Number& a, const Number& b) { return Add(a, Negate(b)); }

Number Multiply(const Number& a, const Number& b) {
  std::optional<Rational> exact;
  if (a.exact && b.exact) {
    exact =
        Rational::make(Int128{a.exact->num} * b.exact->num, Int128{a.exact->den} * b.exact->den);
  }
  return FromEither(exact, a.value * b.value);
}

Number Divide(const Number& a, const Number& b) {
  if (IsZero(b)) return Number::from(kNan);
  std::optional<Rational> exact;
  if (a.exact && b.exact) {
    exact =
        Rational::make(Int128{a.exact->num} * b.exact->den, Int128{a.exact->den} * b.exact->num);
  }
  return FromEither(exact, a.value / b.value);
}

Number Power(const Number& base, const Number& exponent) {
  constexpr int64_t kMaxExponent = 64;  // 2^63 is already beyond 64 bits
  std::optional<Rational> exact;
  if (base.exact && exponent.exact && exponent.exact->den == 1 &&
      std::abs(exponent.exact->num) <= kMaxExponent) {
    exact = PowerExact(*base.exact, exponent.exact->num);
  }
  return FromEither(exact, std::pow(base.value, exponent.value));
}

Number Negate(const Number& a) {
  Number negated = a;
  negated.value = -a.value;
  if (negated.exact) negated.exact->num = -negated.exact->num;
  return negated;
}

bool IsZero(const Number& a) { return a.exact ? a.exact->num == 0 : a.value == 0.0; }

std::string ToString(const Number& number) {
  const std::string_view sign = number.percent ? "%" : "";
  if (!number.exact) return fmt::format("{}{}", number.value, sign);
  const auto [num, den] = *number.exact;
  if (den == 1) return fmt::format("{}{}", num, sign);
  if (HasFiniteDecimals(den)) return fmt::format("{}{}", number.value, sign);
  return fmt::format("{}/{}{}", num, den, sign);
}

bool Equal(const Number& value, const Number& gold, double tolerance) {
  if (EqualPlain(value, gold, tolerance)) return true;
  if (value.percent == gold.percent) return false;
  const Number hundred = Number::from(Rational{100, 1});
  return value.percent ? EqualPlain(Divide(value, hundred), gold, tolerance)
                       : EqualPlain(value, Divide(gold, hundred), tolerance);
}

}  // namespace restem
