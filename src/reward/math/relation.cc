#include "reward/math/relation.h"

#include <algorithm>
#include <string>

#include "reward/math/compare.h"
#include "reward/math/rational_field.h"

namespace restem::math {
namespace {

bool IsEquation(const Node& relation) {
  return relation.name.find_first_not_of("=~") == std::string::npos;
}

// Something that can be given a value: x, f(x), AB, \angle A, "Total", (x, y).
bool IsName(const Node& node) {
  switch (node.kind) {
    case Kind::kSymbol:
    case Kind::kText:
      return true;
    case Kind::kE:  // the letters, on the left
    case Kind::kI:
    case Kind::kMultiply:
    case Kind::kTuple:
      return node.args.empty() ||
             std::all_of(node.args.begin(), node.args.end(), [](const Node& arg) {
               return arg.kind == Kind::kSymbol || arg.kind == Kind::kE || arg.kind == Kind::kI;
             });
    case Kind::kFunction:
      return node.name == "overline" || node.name == "angle" ||
             (node.name == "abs" && IsName(node.args[0])) ||
             (node.name == "degree" && IsName(node.args[0]));
    default:
      return false;
  }
}

char Flipped(char op) {
  switch (op) {
    case '>':
      return '<';
    case 'g':
      return 'l';
    default:
      return op;
  }
}

// Smaller things to the left.
Node Ordered(Node relation) {
  const bool falls = relation.name.find_first_of(">g") != std::string::npos &&
                     relation.name.find_first_of("<l") == std::string::npos;
  if (!falls) return relation;
  std::reverse(relation.args.begin(), relation.args.end());
  std::reverse(relation.name.begin(), relation.name.end());
  for (char& op : relation.name) op = Flipped(op);
  return relation;
}

Node Tuple(char open, Node first, Node second, char close) {
  Node tuple = Binary(Kind::kTuple, std::move(first), std::move(second));
  tuple.name = {open, close};
  return tuple;
}

Node Difference(const Node& relation) {
  return Binary(Kind::kAdd, relation.args[0], Unary(Kind::kNegate, relation.args[1]));
}

// The same expression in other variables.
Node Renamed(Node node) {
  for (Node& arg : node.args) arg = Renamed(std::move(arg));
  if (node.kind == Kind::kSymbol) node.name += '#';
  return node;
}

// a and b differ by a constant factor: a(x) b(y) = b(x) a(y) for all x and y.
Sameness Proportional(const Node& a, const Node& b, Budget& budget) {
  if (!Contains(a, Kind::kSymbol) || !Contains(b, Kind::kSymbol)) {
    return Sameness::kDifferent;
  }
  return CompareValues(
      Binary(Kind::kMultiply, a, Renamed(b)), Binary(Kind::kMultiply, Renamed(a), b), budget);
}

Sameness CompareTwoSided(const Node& a, const Node& b, Budget& budget) {
  if (!IsScalar(a.args[0]) || !IsScalar(a.args[1]) || !IsScalar(b.args[0]) ||
      !IsScalar(b.args[1])) {
    return Sameness::kDifferent;
  }
  const Node left = Difference(a);
  const Node right = Difference(b);
  const Sameness sameness = Proportional(left, right, budget);
  if (sameness != Sameness::kSame) return sameness;
  // The factor must keep the direction of an inequality.
  if (a.name != "<" && a.name != "l") return sameness;
  const int sign = SignSomewhere(Binary(Kind::kMultiply, left, right), budget);
  return sign > 0 ? Sameness::kSame : sign < 0 ? Sameness::kDifferent : Sameness::kUndecided;
}

// a = b = c as a = c.
Node Shortened(Node relation) {
  if (!IsEquation(relation) || relation.args.size() == 2) return relation;
  Node node =
      Binary(Kind::kRelation, std::move(relation.args.front()), std::move(relation.args.back()));
  node.name = "=";
  return node;
}

}  // namespace

const Node* DefinedValue(const Node& relation) {
  if (!IsEquation(relation)) return nullptr;
  const Node& first = relation.args.front();
  const Node& last = relation.args.back();
  if (IsName(first)) return &last;
  // 5 = x
  if (relation.args.size() == 2 && IsName(last) && !Contains(first, Kind::kSymbol)) return &first;
  const bool constant =
      std::none_of(relation.args.begin(), relation.args.end(), [](const Node& arg) {
        return Contains(arg, Kind::kSymbol) || Contains(arg, Kind::kText);
      });
  return constant ? &last : nullptr;
}

std::optional<Node> AsInterval(const Node& relation) {
  const Node node = Ordered(relation);
  if (node.name.empty() || node.name.find_first_not_of("<l") != std::string::npos)
    return std::nullopt;
  const auto open = [](char op) { return op == '<' ? '(' : '['; };
  const auto close = [](char op) { return op == '<' ? ')' : ']'; };
  const Node infinity = Leaf(Kind::kInfinity);
  if (node.args.size() == 2 && node.args[0].kind == Kind::kSymbol) {
    return Tuple('(', Unary(Kind::kNegate, infinity), node.args[1], close(node.name[0]));
  }
  if (node.args.size() == 2 && node.args[1].kind == Kind::kSymbol) {
    return Tuple(open(node.name[0]), node.args[0], infinity, ')');
  }
  if (node.args.size() == 3 && node.args[1].kind == Kind::kSymbol) {
    return Tuple(open(node.name[0]), node.args[0], node.args[2], close(node.name[1]));
  }
  return std::nullopt;
}

std::optional<Node> AsUnion(const Node& list) {
  Node sets = Leaf(Kind::kUnion);
  for (const Node& item : list.args) {
    auto interval = item.kind == Kind::kRelation ? AsInterval(item) : std::nullopt;
    if (!interval) return std::nullopt;
    sets.args.push_back(std::move(*interval));
  }
  return sets;
}

std::optional<Node> AsPoint(const Node& list) {
  std::vector<const Node*> equations;
  for (const Node& item : list.args) {
    const bool defines = item.kind == Kind::kRelation && item.args.size() == 2 &&
                         item.args[0].kind == Kind::kSymbol && DefinedValue(item) != nullptr;
    if (!defines) return std::nullopt;
    equations.push_back(&item);
  }
  // Coordinates are in the order of their names.
  std::sort(equations.begin(), equations.end(), [](const Node* a, const Node* b) {
    return a->args[0].name < b->args[0].name;
  });
  Node point = Leaf(Kind::kTuple, "()");
  for (size_t i = 0; i < equations.size(); ++i) {
    // x = 2 or x = 3 are two solutions, no point.
    if (i > 0 && equations[i]->args[0] == equations[i - 1]->args[0]) return std::nullopt;
    point.args.push_back(*DefinedValue(*equations[i]));
  }
  return point;
}

std::optional<Node> WithoutPoints(const Node& difference) {
  if (difference.kind != Kind::kOperator || difference.name != "setminus") return std::nullopt;
  const Node minus_infinity = Unary(Kind::kNegate, Leaf(Kind::kInfinity));
  const Node& reals = difference.args[0];
  const Node& points = difference.args[1];
  if (reals != Tuple('(', minus_infinity, Leaf(Kind::kInfinity), ')') ||
      points.kind != Kind::kSet || points.args.empty()) {
    return std::nullopt;
  }
  std::vector<std::pair<double, Node>> ordered;
  for (const Node& point : points.args) {
    const auto value = RationalValue(point);
    if (!value) return std::nullopt;
    ordered.emplace_back(static_cast<double>(value->num) / static_cast<double>(value->den), point);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  Node sets = Leaf(Kind::kUnion);
  Node from = minus_infinity;
  for (auto& [value, point] : ordered) {
    sets.args.push_back(Tuple('(', std::move(from), point, ')'));
    from = std::move(point);
  }
  sets.args.push_back(Tuple('(', std::move(from), Leaf(Kind::kInfinity), ')'));
  return sets;
}

Sameness CompareRelations(const Node& a, const Node& b, Budget& budget) {
  const Node left = Shortened(Ordered(a));
  const Node right = Shortened(Ordered(b));
  if (left.name != right.name || left.args.size() != right.args.size()) return Sameness::kDifferent;
  if (left.args[0] == right.args[0] && left.args.size() == 2) {
    const Sameness sameness = Compare(left.args[1], right.args[1], 0.0, budget);
    if (sameness == Sameness::kSame) return sameness;
  }
  if (left.args.size() == 2 && left.name != "E") return CompareTwoSided(left, right, budget);
  Sameness all = Sameness::kSame;
  for (size_t i = 0; i < left.args.size() && all == Sameness::kSame; ++i) {
    all = Compare(left.args[i], right.args[i], 0.0, budget);
  }
  return all;
}

}  // namespace restem::math
