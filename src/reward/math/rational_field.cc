#include "reward/math/rational_field.h"

#include <algorithm>
#include <numeric>

#include "reward/math/evaluate.h"

namespace restem::math {

std::optional<Rational> RationalField::number(const std::string& digits) const {
  int64_t num = 0;
  int64_t den = 1;
  bool behind_point = false;
  if (digits.size() > 18) return std::nullopt;
  for (const char c : digits) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    num = num * 10 + (c - '0');
    if (behind_point) den *= 10;
  }
  return Rational::make(num, den);
}

std::optional<Rational> RationalField::add(const Rational& a, const Rational& b) const {
  return Rational::make(Int128{a.num} * b.den + Int128{b.num} * a.den, Int128{a.den} * b.den);
}
std::optional<Rational> RationalField::multiply(const Rational& a, const Rational& b) const {
  return Rational::make(Int128{a.num} * b.num, Int128{a.den} * b.den);
}
std::optional<Rational> RationalField::divide(const Rational& a, const Rational& b) const {
  if (b.num == 0) return std::nullopt;
  return Rational::make(Int128{a.num} * b.den, Int128{a.den} * b.num);
}
std::optional<Rational> RationalField::negate(const Rational& a) const {
  return Rational::make(-Int128{a.num}, a.den);
}

std::optional<Rational> RationalField::power(const Rational& base,
                                             const Rational& exponent,
                                             const Node&) const {
  if (exponent.den != 1 || exponent.num > 64 || exponent.num < -64) return std::nullopt;
  if (base.num == 0 && exponent.num <= 0) return std::nullopt;
  std::optional<Rational> result = Rational{1, 1};
  const auto n = static_cast<int>(exponent.num < 0 ? -exponent.num : exponent.num);
  for (int i = 0; result && i < n; ++i) result = multiply(*result, base);
  return result && exponent.num < 0 ? divide({1, 1}, *result) : result;
}

namespace {

std::optional<Rational> Factorial(const Rational& n) {
  if (n.den != 1 || n.num < 0 || n.num > 20) return std::nullopt;
  Rational result{1, 1};
  for (int64_t i = 2; i <= n.num; ++i) result.num *= i;
  return result;
}

std::optional<Rational> Binomial(const Rational& n, const Rational& k) {
  if (n.den != 1 || k.den != 1 || k.num < 0 || n.num < k.num || n.num > 1'000'000) {
    return std::nullopt;
  }
  std::optional<Rational> result = Rational{1, 1};
  const RationalField field;
  const int64_t steps = std::min(k.num, n.num - k.num);
  for (int64_t i = 1; result && i <= steps; ++i) {
    result = field.multiply(*result, Rational{n.num - steps + i, 1});
    if (result) result = field.divide(*result, Rational{i, 1});
  }
  return result;
}

int64_t FloorOf(const Rational& a) {
  return a.num / a.den - (a.num % a.den != 0 && a.num < 0 ? 1 : 0);
}

bool Less(const Rational& a, const Rational& b) {
  return Int128{a.num} * b.den < Int128{b.num} * a.den;
}

// max, min, gcd, lcm
std::optional<Rational> OfMany(const std::string& name, const std::vector<Rational>& args) {
  if (name == "max") return *std::max_element(args.begin(), args.end(), Less);
  if (name == "min") return *std::min_element(args.begin(), args.end(), Less);
  Rational total = args[0];
  for (const Rational& arg : args) {
    if (arg.den != 1 || arg.num <= 0) return std::nullopt;
    if (name == "gcd") {
      total.num = std::gcd(total.num, arg.num);
    } else {
      const auto lcm =
          Rational::make(Int128{total.num / std::gcd(total.num, arg.num)} * arg.num, 1);
      if (!lcm) return std::nullopt;
      total = *lcm;
    }
  }
  return total;
}

}  // namespace

std::optional<Rational> RationalField::call(const std::string& name,
                                            const std::vector<Rational>& args) const {
  if (args.empty()) return std::nullopt;
  if (name == "max" || name == "min" || name == "gcd" || name == "lcm") return OfMany(name, args);
  if (name == "binom" && args.size() == 2) return Binomial(args[0], args[1]);
  if (args.size() != 1) return std::nullopt;
  const Rational& a = args[0];
  if (name == "percent") return divide(a, {100, 1});
  if (name == "factorial") return Factorial(a);
  if (name == "abs") return a.num < 0 ? negate(a) : a;
  if (name == "floor") return Rational{FloorOf(a), 1};
  if (name == "ceil") return Rational{FloorOf(a) + (a.den == 1 ? 0 : 1), 1};
  return std::nullopt;
}

std::optional<Rational> RationalValue(const Node& node) {
  RationalField field;
  return Evaluate(node, field);
}

}  // namespace restem::math
