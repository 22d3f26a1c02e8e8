#include "reward/math/modular_field.h"

#include "reward/math/points.h"
#include "reward/math/rational_field.h"
#include "reward/number.h"

namespace restem::math {
namespace {

__extension__ using UInt128 = unsigned __int128;
constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
constexpr double kMaxDegree = 1e9;

uint64_t Product(uint64_t a, uint64_t b) {
  return static_cast<uint64_t>(static_cast<UInt128>(a) * b % kPrime);
}
uint64_t Sum(uint64_t a, uint64_t b) { return (a + b) % kPrime; }

uint64_t Power(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = Product(result, base);
    base = Product(base, base);
  }
  return result;
}

}  // namespace

std::optional<ModularField::Value> ModularField::number(const std::string& digits) const {
  uint64_t num = 0;
  uint64_t den = 1;
  bool behind_point = false;
  for (const char c : digits) {
    if (c == '.') {
      behind_point = true;
      continue;
    }
    num = Sum(Product(num, 10), static_cast<uint64_t>(c - '0'));
    if (behind_point) den = Product(den, 10);
  }
  return Value{Product(num, Power(den, kPrime - 2)), 0};
}

std::optional<ModularField::Value> ModularField::symbol(const std::string& name) const {
  const uint64_t hash = PointOf(name, point_);
  return Value{hash % kPrime, 1};
}

std::optional<ModularField::Value> ModularField::add(const Value& a, const Value& b) const {
  return Value{Sum(a.residue, b.residue), a.degree + b.degree};
}

std::optional<ModularField::Value> ModularField::multiply(const Value& a, const Value& b) const {
  return Value{Product(a.residue, b.residue), a.degree + b.degree};
}

std::optional<ModularField::Value> ModularField::divide(const Value& a, const Value& b) {
  divided_by_zero_ = b.residue == 0;
  if (divided_by_zero_) return std::nullopt;
  return Value{Product(a.residue, Power(b.residue, kPrime - 2)), a.degree + b.degree};
}

std::optional<ModularField::Value> ModularField::negate(const Value& a) const {
  return Value{(kPrime - a.residue) % kPrime, a.degree};
}

std::optional<ModularField::Value> ModularField::power(const Value& base,
                                                       const Value&,
                                                       const Node& node) {
  divided_by_zero_ = false;
  const auto exponent = RationalValue(node);
  constexpr int64_t kMaxExponent = 1'000'000'000'000'000;
  if (!exponent || exponent->den != 1 || exponent->num > kMaxExponent ||
      exponent->num < -kMaxExponent) {
    return std::nullopt;
  }
  const bool negative = exponent->num < 0;
  const auto n = static_cast<uint64_t>(negative ? -exponent->num : exponent->num);
  const double degree = base.degree * static_cast<double>(n);
  if (degree > kMaxDegree || (n == 0 && base.residue == 0)) return std::nullopt;
  const Value raised{Power(base.residue, n), degree};
  return negative ? divide({1, 0}, raised) : raised;
}

std::optional<ModularField::Value> ModularField::call(const std::string& name,
                                                      const std::vector<Value>& args) {
  divided_by_zero_ = false;
  if (name != "percent" || args.size() != 1) return std::nullopt;
  return divide(args[0], {100, 0});
}

}  // namespace restem::math
