// Fractions of 64-bit integers: what most answers need.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reward/math/node.h"
#include "reward/number.h"

namespace restem::math {

class RationalField {
 public:
  using Value = Rational;
  std::optional<Rational> number(const std::string& digits) const;
  std::optional<Rational> symbol(const std::string&) const { return std::nullopt; }
  std::optional<Rational> constant(Kind) const { return std::nullopt; }
  std::optional<Rational> add(const Rational& a, const Rational& b) const;
  std::optional<Rational> multiply(const Rational& a, const Rational& b) const;
  std::optional<Rational> divide(const Rational& a, const Rational& b) const;
  std::optional<Rational> negate(const Rational& a) const;
  std::optional<Rational> power(const Rational& base,
                                const Rational& exponent,
                                const Node& node) const;
  std::optional<Rational> root(const Rational&, const Node&) const { return std::nullopt; }
  std::optional<Rational> call(const std::string& name, const std::vector<Rational>& args) const;
  bool step() const { return true; }
};

// The node's value where it is such a fraction.
std::optional<Rational> RationalValue(const Node& node);

}  // namespace restem::math
