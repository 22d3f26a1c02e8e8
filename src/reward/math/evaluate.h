// One walk over a tree for every kind of number that it can be evaluated in.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "reward/math/node.h"

namespace restem::math {

// A Field has a type Value and
//   optional<Value> number(const std::string& digits), symbol(name), constant(Kind)
//   optional<Value> add(a, b), multiply(a, b), divide(a, b), negate(a)
//   optional<Value> power(base, exponent, exponent_node), root(radicand, index_node)
//   optional<Value> call(name, values)
//   bool step()     is there budget for one more operation?
// each nullopt where there is no such value or none that the field can hold.
template <typename Field>
class Evaluator {
 public:
  using Value = typename Field::Value;
  explicit Evaluator(Field& field) : field_(field) {}

  std::optional<Value> run(const Node& node) {
    if (!field_.step()) return std::nullopt;
    switch (node.kind) {
      case Kind::kNumber:
        return field_.number(node.name);
      case Kind::kSymbol:
        return field_.symbol(node.name);
      case Kind::kPi:
      case Kind::kE:
      case Kind::kI:
        return field_.constant(node.kind);
      case Kind::kAdd:
        return fold(node, [&](Value& a, Value& b) { return field_.add(a, b); });
      case Kind::kMultiply:
        return fold(node, [&](Value& a, Value& b) { return field_.multiply(a, b); });
      case Kind::kDivide:
        return fold(node, [&](Value& a, Value& b) { return field_.divide(a, b); });
      case Kind::kNegate: {
        auto value = run(node.args[0]);
        return value ? field_.negate(*value) : std::nullopt;
      }
      case Kind::kPower: {
        auto base = run(node.args[0]);
        if (!base) return std::nullopt;
        auto exponent = run(node.args[1]);
        return exponent ? field_.power(*base, *exponent, node.args[1]) : std::nullopt;
      }
      case Kind::kRoot: {
        auto radicand = run(node.args[0]);
        return radicand ? field_.root(*radicand, node.args[1]) : std::nullopt;
      }
      case Kind::kFunction:
        return call(node);
      default:
        return std::nullopt;
    }
  }

 private:
  template <typename Operation>
  std::optional<Value> fold(const Node& node, Operation operation) {
    auto total = run(node.args[0]);
    for (size_t i = 1; total && i < node.args.size(); ++i) {
      auto next = run(node.args[i]);
      if (!next) return std::nullopt;
      total = operation(*total, *next);
    }
    return total;
  }

  std::optional<Value> call(const Node& node) {
    std::vector<Value> values;
    for (const Node& arg : node.args) {
      auto value = run(arg);
      if (!value) return std::nullopt;
      values.push_back(std::move(*value));
    }
    return field_.call(node.name, values);
  }

  Field& field_;
};

template <typename Field>
std::optional<typename Field::Value> Evaluate(const Node& node, Field& field) {
  return Evaluator<Field>(field).run(node);
}

}  // namespace restem::math
