#include "reward/math/compare_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "reward/math/ball_field.h"
#include "reward/math/evaluate.h"
#include "reward/math/exact_field.h"
#include "reward/math/modular_field.h"
#include "reward/math/rational_field.h"

namespace restem::math {
namespace {

constexpr double kMaxWeight = 6000;  // bits

// About how many bits below or above 1 the expression's constants reach, so that a tiny term is
// never below the precision it is looked at with: 10^{-100} weighs 400.
double Weight(const Node& node) {
  switch (node.kind) {
    case Kind::kNumber:
      return 3.4 * static_cast<double>(node.name.size());
    case Kind::kPower: {
      const double base = Weight(node.args[0]);
      const auto exponent = RationalValue(node.args[1]);
      if (!exponent) return base + 16 * Weight(node.args[1]) + 64;
      return base * std::max(1.0, std::abs(static_cast<double>(exponent->num)));
    }
    case Kind::kFunction: {
      double weight = 0;
      for (const Node& arg : node.args) {
        const auto value = RationalValue(arg);
        const bool grows = node.name == "exp" || node.name == "factorial" || node.name == "sinh" ||
                           node.name == "cosh";
        const double size =
            value && grows
                ? 16 * std::abs(static_cast<double>(value->num) / static_cast<double>(value->den))
                : 0;
        weight += Weight(arg) + size + 16;
      }
      return weight;
    }
    default: {
      double weight = 2;
      for (const Node& arg : node.args) weight += Weight(arg);
      return weight;
    }
  }
}

// ---- Infinities ----
// 1, -1, or 0 for what is finite.
int InfiniteSign(const Node& node) {
  if (node.kind == Kind::kInfinity) return 1;
  return node.kind == Kind::kNegate ? -InfiniteSign(node.args[0]) : 0;
}

// ---- Constants ----
std::optional<Ball> BallOf(const Node& node, const BallField::Options& options, Budget& budget) {
  BallField field(options, budget);
  return Evaluate(node, field);
}

Sameness CompareNumerically(const Node& a, const Node& b, slong precision, Budget& budget) {
  const auto x = BallOf(a, {.precision = precision}, budget);
  const auto y = BallOf(b, {.precision = precision}, budget);
  if (!x || !y) return Sameness::kUndecided;
  return acb_overlaps(x->get(), y->get()) ? Sameness::kSame : Sameness::kDifferent;
}

// ---- Rational functions ----
// nullopt where one is no rational function, or has no value at the points tried.
std::optional<Sameness> CompareModular(const Node& a, const Node& b, Budget& budget) {
  constexpr int kPoints = 3;
  constexpr uint64_t kTries = 8;
  int agreed = 0;
  for (uint64_t point = 1; point <= kTries && agreed < kPoints; ++point) {
    ModularField field(point, budget);
    const auto x = Evaluate(a, field);
    const bool left_undefined = !x && field.divided_by_zero();
    if (!x && !left_undefined) return std::nullopt;
    const auto y = Evaluate(b, field);
    if (!y && !field.divided_by_zero()) return std::nullopt;
    if (!x || !y) continue;
    if (x->residue != y->residue) return Sameness::kDifferent;
    ++agreed;
  }
  if (agreed < kPoints) return std::nullopt;
  return Sameness::kSame;
}

// The tree in a form that no other tree has.
std::string Key(const Node& node) {
  std::string key = fmt::format("{}:{}(", static_cast<int>(node.kind), node.name);
  for (const Node& arg : node.args) key += Key(arg);
  return key + ")";
}

// The tree with roots, functions and constants as unknowns: what is equal whatever they are worth
// is equal.
Node WithUnknowns(const Node& node) {
  switch (node.kind) {
    case Kind::kAdd:
    case Kind::kMultiply:
    case Kind::kNegate:
    case Kind::kDivide:
      break;
    case Kind::kNumber:
    case Kind::kSymbol:
      return node;
    case Kind::kPower: {
      const auto exponent = RationalValue(node.args[1]);
      if (!exponent || exponent->den != 1) return Leaf(Kind::kSymbol, Key(node));
      return Binary(Kind::kPower, WithUnknowns(node.args[0]), node.args[1]);
    }
    default:
      if (RationalValue(node)) return node;
      return Leaf(Kind::kSymbol, Key(node));
  }
  Node copy = Leaf(node.kind, node.name);
  for (const Node& arg : node.args) copy.args.push_back(WithUnknowns(arg));
  return copy;
}

bool SameWhateverTheUnknowns(const Node& a, const Node& b, Budget& budget) {
  return CompareModular(WithUnknowns(a), WithUnknowns(b), budget) == Sameness::kSame;
}

Sameness CompareConstants(const Node& a, const Node& b, Budget& budget) {
  if (CompareNumerically(a, b, 128, budget) == Sameness::kDifferent) return Sameness::kDifferent;
  // Before the proof, which costs more: all that the constants' sizes ask for.
  const double weight = std::min(kMaxWeight, std::max(Weight(a), Weight(b)));
  const auto precision = static_cast<slong>(256 + weight);
  const Sameness numerically = CompareNumerically(a, b, precision, budget);
  if (numerically == Sameness::kDifferent) return Sameness::kDifferent;
  // Only where both have a value: 0/0 is not 1.
  if (numerically == Sameness::kSame && SameWhateverTheUnknowns(a, b, budget))
    return Sameness::kSame;
  ExactField field(budget);
  const auto x = Evaluate(a, field);
  const auto y = x ? Evaluate(b, field) : std::nullopt;
  if (!x || !y || !budget.step()) return Sameness::kUndecided;
  const auto equal = field.equal(*x, *y);
  if (!equal) return Sameness::kUndecided;
  return *equal ? Sameness::kSame : Sameness::kDifferent;
}

// ---- Other functions ----
enum class AtPoint { kSame, kDifferent, kNeitherDefined, kOneDefined, kUndecided };

AtPoint CompareAt(
    const Node& a, const Node& b, BallField::Options options, slong wanted_bits, Budget& budget) {
  for (int tries = 0; tries < 3; ++tries, options.precision *= 2) {
    const auto x = BallOf(a, options, budget);
    const auto y = BallOf(b, options, budget);
    if (budget.spent()) return AtPoint::kUndecided;
    if (!x && !y) return AtPoint::kNeitherDefined;
    if (!x || !y) return AtPoint::kOneDefined;
    if (!acb_overlaps(x->get(), y->get())) return AtPoint::kDifferent;
    Ball difference;
    acb_sub(difference.get(), x->get(), y->get(), options.precision);
    mag_t bound;
    mag_init(bound);
    acb_get_mag(bound, difference.get());
    const bool narrow = mag_cmp_2exp_si(bound, -wanted_bits) < 0;
    mag_clear(bound);
    if (narrow) return AtPoint::kSame;
  }
  return AtPoint::kUndecided;
}

// nullopt where no point is in both domains.
std::optional<Sameness> CompareAtPoints(const Node& a, const Node& b, bool real, Budget& budget) {
  const double weight = std::max(Weight(a), Weight(b));
  if (weight > kMaxWeight) return Sameness::kUndecided;
  const auto wanted_bits = static_cast<slong>(96 + weight);
  constexpr int kPoints = 6;
  constexpr uint64_t kTries = 16;
  int agreed = 0;
  for (uint64_t point = 1; point <= kTries && agreed < kPoints; ++point) {
    const BallField::Options options{.precision = 2 * wanted_bits, .point = point, .real = real};
    switch (CompareAt(a, b, options, wanted_bits, budget)) {
      case AtPoint::kDifferent:
      case AtPoint::kOneDefined:
        return Sameness::kDifferent;
      case AtPoint::kUndecided:
        return Sameness::kUndecided;
      case AtPoint::kSame:
        ++agreed;
        break;
      case AtPoint::kNeitherDefined:
        break;
    }
  }
  if (agreed == 0) return std::nullopt;
  return agreed >= 3 ? Sameness::kSame : Sameness::kUndecided;
}

Sameness CompareFunctions(const Node& a, const Node& b, Budget& budget) {
  if (const auto sameness = CompareModular(a, b, budget)) return *sameness;
  if (SameWhateverTheUnknowns(a, b, budget)) return Sameness::kSame;
  const bool complex = Contains(a, Kind::kI) || Contains(b, Kind::kI);
  if (!complex) {
    if (const auto sameness = CompareAtPoints(a, b, /*real=*/true, budget)) return *sameness;
  }
  return CompareAtPoints(a, b, /*real=*/false, budget).value_or(Sameness::kUndecided);
}

}  // namespace

Sameness CompareValues(const Node& a, const Node& b, Budget& budget) {
  if (a == b) return Sameness::kSame;
  const auto x = RationalValue(a);
  const auto y = x ? RationalValue(b) : std::nullopt;
  if (x && y) return *x == *y ? Sameness::kSame : Sameness::kDifferent;
  if (Contains(a, Kind::kInfinity) || Contains(b, Kind::kInfinity)) {
    const int left = InfiniteSign(a);
    const int right = InfiniteSign(b);
    const bool both = Contains(a, Kind::kInfinity) && Contains(b, Kind::kInfinity);
    if (both) return left != 0 && left == right ? Sameness::kSame : Sameness::kDifferent;
    return left != 0 || right != 0 ? Sameness::kDifferent : Sameness::kUndecided;
  }
  if (Contains(a, Kind::kSymbol) || Contains(b, Kind::kSymbol)) {
    return CompareFunctions(a, b, budget);
  }
  return CompareConstants(a, b, budget);
}

bool WithinTolerance(const Node& a, const Node& b, double tolerance, Budget& budget) {
  const auto x = BallOf(a, {}, budget);
  const auto y = BallOf(b, {}, budget);
  if (!x || !y) return false;
  const double gold = std::hypot(arf_get_d(arb_midref(acb_realref(y->get())), ARF_RND_NEAR),
                                 arf_get_d(arb_midref(acb_imagref(y->get())), ARF_RND_NEAR));
  Ball difference;
  acb_sub(difference.get(), x->get(), y->get(), 128);
  mag_t bound;  // of how far apart they may be: what is hardly known is not near
  mag_init(bound);
  acb_get_mag(bound, difference.get());
  const double distance = mag_get_d(bound);
  mag_clear(bound);
  return distance <= tolerance * std::max(1.0, gold);
}

int SignSomewhere(const Node& node, Budget& budget) {
  for (uint64_t point = 1; point <= 8; ++point) {
    const auto value = BallOf(node, {.precision = 256, .point = point, .real = true}, budget);
    if (!value) continue;
    if (arb_is_positive(acb_realref(value->get()))) return 1;
    if (arb_is_negative(acb_realref(value->get()))) return -1;
  }
  return 0;
}

}  // namespace restem::math
