// Integers modulo a prime of 61 bits: two rational functions that agree at random points there are
// equal but for a chance of about degree / 2^61 a point (Schwartz and Zippel).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reward/math/budget.h"
#include "reward/math/node.h"

namespace restem::math {

class ModularField {
 public:
  struct Value {
    uint64_t residue = 0;
    double degree = 0;  // an upper bound of the numerator's and denominator's
  };
  // `point` chooses where the variables are.
  ModularField(uint64_t point, Budget& budget) : point_(point), budget_(budget) {}

  std::optional<Value> number(const std::string& digits) const;
  std::optional<Value> symbol(const std::string& name) const;
  std::optional<Value> constant(Kind) const { return std::nullopt; }
  std::optional<Value> add(const Value& a, const Value& b) const;
  std::optional<Value> multiply(const Value& a, const Value& b) const;
  std::optional<Value> divide(const Value& a, const Value& b);
  std::optional<Value> negate(const Value& a) const;
  std::optional<Value> power(const Value& base, const Value& exponent, const Node& node);
  std::optional<Value> root(const Value&, const Node&) const { return std::nullopt; }
  std::optional<Value> call(const std::string& name, const std::vector<Value>& args);
  bool step() { return budget_.step(); }

  // The last nullopt came from a division by zero: another point may do.
  bool divided_by_zero() const { return divided_by_zero_; }

 private:
  const uint64_t point_;
  Budget& budget_;
  bool divided_by_zero_ = false;
};

}  // namespace restem::math
