#include "reward/math/ball_field.h"

#include <algorithm>

#include "reward/math/points.h"
#include "reward/math/rational_field.h"

namespace restem::math {
namespace {

bool IsReal(const Ball& a) { return arb_is_zero(acb_imagref(a.get())) != 0; }
bool IsNegative(const Ball& a) { return IsReal(a) && arb_is_negative(acb_realref(a.get())) != 0; }

std::optional<ulong> SmallIndex(const Node& node) {
  const auto index = RationalValue(node);
  constexpr int64_t kMaxIndex = 1000;
  if (!index || index->den != 1 || index->num < 1 || index->num > kMaxIndex) return std::nullopt;
  return static_cast<ulong>(index->num);
}

}  // namespace

std::optional<Ball> BallField::finite(Ball value) const {
  if (!acb_is_finite(value.get())) return std::nullopt;
  return value;
}

std::optional<Ball> BallField::number(const std::string& digits) const {
  Ball value;
  if (digits.size() <= 18 && digits.find('.') == std::string::npos) {
    acb_set_si(value.get(), std::stol(digits));
  } else if (arb_set_str(acb_realref(value.get()), digits.c_str(), options_.precision) != 0) {
    return std::nullopt;
  }
  return value;
}

std::optional<Ball> BallField::symbol(const std::string& name) const {
  if (options_.point == 0) return std::nullopt;
  const uint64_t hash = PointOf(name, options_.point);
  Ball value;
  acb_set_si(value.get(), static_cast<slong>(hash));
  acb_mul_2exp_si(value.get(), value.get(), -61);
  return value;
}

std::optional<Ball> BallField::constant(Kind kind) const {
  Ball value;
  if (kind == Kind::kI) {
    acb_onei(value.get());
  } else if (kind == Kind::kPi) {
    arb_const_pi(acb_realref(value.get()), options_.precision);
  } else {
    arb_const_e(acb_realref(value.get()), options_.precision);
  }
  return value;
}

std::optional<Ball> BallField::add(const Ball& a, const Ball& b) const {
  Ball value;
  acb_add(value.get(), a.get(), b.get(), options_.precision);
  return value;
}

std::optional<Ball> BallField::multiply(const Ball& a, const Ball& b) const {
  Ball value;
  acb_mul(value.get(), a.get(), b.get(), options_.precision);
  return finite(std::move(value));
}

std::optional<Ball> BallField::divide(const Ball& a, const Ball& b) const {
  Ball value;
  acb_div(value.get(), a.get(), b.get(), options_.precision);
  return finite(std::move(value));
}

std::optional<Ball> BallField::negate(const Ball& a) const {
  Ball value;
  acb_neg(value.get(), a.get());
  return value;
}

std::optional<Ball> BallField::odd_root_of_negative(const Ball& value, ulong n) const {
  Ball result;
  acb_neg(result.get(), value.get());
  acb_root_ui(result.get(), result.get(), n, options_.precision);
  acb_neg(result.get(), result.get());
  return finite(std::move(result));
}

std::optional<Ball> BallField::power(const Ball& base,
                                     const Ball& exponent,
                                     const Node& node) const {
  const auto rational = RationalValue(node);
  Ball value;
  constexpr int64_t kMaxExponent = int64_t{1} << 40;
  const bool small = rational && rational->num < kMaxExponent && rational->num > -kMaxExponent;
  if (small && rational->den == 1) {
    if (rational->num <= 0 && acb_contains_zero(base.get())) return std::nullopt;
    acb_pow_si(value.get(), base.get(), rational->num, options_.precision);
    return finite(std::move(value));
  }
  if (options_.real && IsNegative(base)) {
    // x^(p/q) with an odd q is the real root, as \sqrt[q]{x^p} is.
    if (!small || rational->den % 2 == 0 || rational->den > 1000) return std::nullopt;
    auto result = odd_root_of_negative(base, static_cast<ulong>(rational->den));
    if (result) acb_pow_si(value.get(), result->get(), rational->num, options_.precision);
    return result ? finite(std::move(value)) : std::nullopt;
  }
  if (acb_contains_zero(base.get())) {
    // 0 to a positive power, exactly.
    if (!acb_is_zero(base.get()) || !arb_is_positive(acb_realref(exponent.get()))) {
      return std::nullopt;
    }
    return value;
  }
  acb_pow(value.get(), base.get(), exponent.get(), options_.precision);
  return finite(std::move(value));
}

std::optional<Ball> BallField::root(const Ball& radicand, const Node& index) const {
  const auto n = SmallIndex(index);
  if (!n) return std::nullopt;
  if (IsNegative(radicand)) {
    if (*n % 2 == 1) return odd_root_of_negative(radicand, *n);
    if (options_.real) return std::nullopt;
  }
  Ball value;
  acb_root_ui(value.get(), radicand.get(), *n, options_.precision);
  return finite(std::move(value));
}

std::optional<Ball> BallField::logarithm(const Ball& value) const {
  if (acb_contains_zero(value.get())) return std::nullopt;
  if (options_.real && IsNegative(value)) return std::nullopt;
  Ball result;
  acb_log(result.get(), value.get(), options_.precision);
  return finite(std::move(result));
}

std::optional<Ball> BallField::elementary(const std::string& name, const Ball& a) const {
  using Function = void (*)(acb_t, const acb_t, slong);
  constexpr std::pair<std::string_view, Function> kFunctions[] = {{"sin", acb_sin},
                                                                  {"cos", acb_cos},
                                                                  {"tan", acb_tan},
                                                                  {"cot", acb_cot},
                                                                  {"sec", acb_sec},
                                                                  {"csc", acb_csc},
                                                                  {"arcsin", acb_asin},
                                                                  {"arccos", acb_acos},
                                                                  {"arctan", acb_atan},
                                                                  {"sinh", acb_sinh},
                                                                  {"cosh", acb_cosh},
                                                                  {"tanh", acb_tanh},
                                                                  {"exp", acb_exp}};
  for (const auto& [known, function] : kFunctions) {
    if (name != known) continue;
    Ball value;
    function(value.get(), a.get(), options_.precision);
    if (options_.real && !IsReal(value)) return std::nullopt;
    return finite(std::move(value));
  }
  return std::nullopt;
}

std::optional<Ball> BallField::rounded(const std::string& name, const Ball& a) const {
  Ball value;
  if (name == "abs") {
    acb_abs(acb_realref(value.get()), a.get(), options_.precision);
    return value;
  }
  if (!IsReal(a)) return std::nullopt;
  if (name == "floor") {
    arb_floor(acb_realref(value.get()), acb_realref(a.get()), options_.precision);
  } else {
    arb_ceil(acb_realref(value.get()), acb_realref(a.get()), options_.precision);
  }
  return value;
}

std::optional<Ball> BallField::factorial(const Ball& a) const {
  Ball value;
  acb_add_ui(value.get(), a.get(), 1, options_.precision);
  acb_gamma(value.get(), value.get(), options_.precision);
  return finite(std::move(value));
}

// n! / (k! (n - k)!)
std::optional<Ball> BallField::binomial(const Ball& n, const Ball& k) const {
  Ball rest;
  acb_sub(rest.get(), n.get(), k.get(), options_.precision);
  const auto all = factorial(n);
  const auto chosen = factorial(k);
  const auto left = factorial(rest);
  const auto below = all && chosen && left ? multiply(*chosen, *left) : std::nullopt;
  return below ? divide(*all, *below) : std::nullopt;
}

std::optional<Ball> BallField::call(const std::string& name, const std::vector<Ball>& args) const {
  if (name == "log" && args.size() == 2) {
    const auto base = logarithm(args[0]);
    const auto value = logarithm(args[1]);
    return base && value ? divide(*value, *base) : std::nullopt;
  }
  if (name == "binom" && args.size() == 2) return binomial(args[0], args[1]);
  if (args.size() != 1) return std::nullopt;
  const Ball& a = args[0];
  if (name == "ln") return logarithm(a);
  if (name == "log") {
    const auto value = logarithm(a);
    const auto ten = logarithm(*number("10"));
    return value && ten ? divide(*value, *ten) : std::nullopt;
  }
  if (name == "percent") return divide(a, *number("100"));
  if (name == "degree") {
    const auto turned = multiply(a, *constant(Kind::kPi));
    return turned ? divide(*turned, *number("180")) : std::nullopt;
  }
  if (name == "factorial") return factorial(a);
  if (name == "abs" || name == "floor" || name == "ceil") return rounded(name, a);
  return elementary(name, a);
}

}  // namespace restem::math
