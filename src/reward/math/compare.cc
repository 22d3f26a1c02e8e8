#include "reward/math/compare.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "reward/math/relation.h"
#include "reward/math/words.h"

namespace restem::math {
namespace {

Sameness Both(Sameness a, Sameness b) {
  if (a == Sameness::kDifferent || b == Sameness::kDifferent) return Sameness::kDifferent;
  return a == Sameness::kSame ? b : a;
}

bool IsMany(const Node& node) { return node.kind == Kind::kList || node.kind == Kind::kSet; }

bool IsCall(const Node& node, std::string_view name) {
  return node.kind == Kind::kFunction && node.name == name;
}

bool SaysNone(std::string_view words) {
  constexpr std::string_view kWords[] = {"none",
                                         "no solution",
                                         "no solutions",
                                         "no real solution",
                                         "no real solutions",
                                         "empty set",
                                         "the empty set"};
  return std::find(std::begin(kWords), std::end(kWords), words) != std::end(kWords);
}

Node WithoutUnit(Node node) {
  node.unit.clear();
  return node;
}

class Comparer {
 public:
  Comparer(double tolerance, Budget& budget) : tolerance_(tolerance), budget_(budget) {}

  Sameness same(const Node& a, const Node& b) {
    if (!budget_.step()) return Sameness::kUndecided;
    if (a == b) return Sameness::kSame;
    const bool left = a.kind == Kind::kRelation;
    const bool right = b.kind == Kind::kRelation;
    if (left && right) return CompareRelations(a, b, budget_);
    if (left) return relation_and_other(a, b);
    if (right) return relation_and_other(b, a);
    if (IsScalar(a) && IsScalar(b)) return values(a, b);
    if (IsMany(a) && IsMany(b)) return many(a, b);
    if (IsMany(a) || IsMany(b)) return IsMany(a) ? many_and_other(a, b) : many_and_other(b, a);
    return structures(a, b);
  }

 private:
  // ---- Values ----
  Sameness values(const Node& a, const Node& b) {
    if (!a.unit.empty() || !b.unit.empty()) return with_units(a, b);
    for (const char* mark : {"percent", "degree"}) {
      const bool left = IsCall(a, mark);
      const bool right = IsCall(b, mark);
      if (left && right) return values(a.args[0], b.args[0]);
      if (left != right) {
        // Answers leave the sign out.
        const Node& marked = left ? a : b;
        const Node& other = left ? b : a;
        if (plain(marked.args[0], other) == Sameness::kSame) return Sameness::kSame;
        break;
      }
    }
    return plain(a, b);
  }

  Sameness plain(const Node& a, const Node& b) {
    const Sameness sameness = CompareValues(a, b, budget_);
    if (sameness == Sameness::kSame || tolerance_ <= 0.0) return sameness;
    return WithinTolerance(b, a, tolerance_, budget_) ? Sameness::kSame : sameness;
  }

  Sameness with_units(const Node& a, const Node& b) {
    Node left = WithoutUnit(a);
    Node right = WithoutUnit(b);
    const auto left_unit = KnownUnit(a.unit);
    const auto right_unit = KnownUnit(b.unit);
    if (left_unit && right_unit && a.unit != b.unit) {
      if (left_unit->base != right_unit->base) return Sameness::kDifferent;
      const auto scaled = [](Node value, const Unit& unit) {
        Node factor = Binary(Kind::kDivide, Number(unit.num), Number(unit.den));
        return Binary(Kind::kMultiply, std::move(value), std::move(factor));
      };
      left = scaled(std::move(left), *left_unit);
      right = scaled(std::move(right), *right_unit);
    }
    return values(left, right);
  }

  // ---- Several answers, sets ----
  // Each element of `a` has one of its own in `b`; in sets one may serve several.
  Sameness many(const Node& a, const Node& b) {
    if (a.kind == Kind::kSet && b.kind == Kind::kSet) return Both(covers(a, b), covers(b, a));
    return unordered(a.args, b.args);
  }

  Sameness covers(const Node& a, const Node& b) {
    Sameness all = Sameness::kSame;
    for (const Node& element : a.args) {
      Sameness any = Sameness::kDifferent;
      for (const Node& candidate : b.args) {
        const Sameness sameness = same(element, candidate);
        if (sameness == Sameness::kSame) any = sameness;
        if (sameness == Sameness::kUndecided && any == Sameness::kDifferent) any = sameness;
        if (any == Sameness::kSame) break;
      }
      all = Both(all, any);
      if (all == Sameness::kDifferent) break;
    }
    return all;
  }

  Sameness unordered(const std::vector<Node>& a, const std::vector<Node>& b) {
    if (a.size() != b.size()) return Sameness::kDifferent;
    std::vector<bool> used(b.size());
    Sameness all = Sameness::kSame;
    for (const Node& element : a) {
      bool found = false;
      bool undecided = false;
      for (size_t i = 0; i < b.size() && !found; ++i) {
        if (used[i]) continue;
        const Sameness sameness = same(element, b[i]);
        undecided = undecided || sameness == Sameness::kUndecided;
        found = sameness == Sameness::kSame;
        if (found) used[i] = true;
      }
      if (!found && !undecided) return Sameness::kDifferent;
      if (!found) all = Sameness::kUndecided;
    }
    return all;
  }

  Sameness many_and_other(const Node& list, const Node& other) {
    if (list.kind == Kind::kSet && list.args.size() == 1 && IsScalar(other)) {
      return same(list.args[0], other);
    }
    if (list.args.empty()) {
      const bool none = other.kind == Kind::kText && SaysNone(other.name);
      return none ? Sameness::kSame : Sameness::kDifferent;
    }
    if (list.kind != Kind::kList) return Sameness::kDifferent;
    // "3/4 or 0.75" says one thing twice.
    if (IsScalar(other)) return repeats(list, other);
    if (other.kind == Kind::kUnion) {
      if (const auto sets = AsUnion(list)) return same(*sets, other);
    }
    if (other.kind == Kind::kTuple) {
      if (const auto point = AsPoint(list)) return same(*point, other);
    }
    return Sameness::kDifferent;
  }

  Sameness repeats(const Node& list, const Node& other) {
    Sameness all = Sameness::kSame;
    for (const Node& element : list.args) {
      if (all != Sameness::kDifferent) all = Both(all, same(element, other));
    }
    return all;
  }

  // ---- Relations ----
  Sameness relation_and_other(const Node& relation, const Node& other) {
    if (const Node* value = DefinedValue(relation)) return same(*value, other);
    if (relation.name == "E") return same(relation.args[1], other);
    if (const auto interval = AsInterval(relation)) {
      if (other.kind == Kind::kTuple) return same(*interval, other);
    }
    if (IsMany(other) && other.args.size() == 1) return same(relation, other.args[0]);
    return Sameness::kDifferent;
  }

  // ---- Tuples, unions, matrices, ratios ----
  Sameness structures(const Node& a, const Node& b) {
    if (a.kind == Kind::kRatio || b.kind == Kind::kRatio) return ratios(a, b);
    if (a.kind == Kind::kMatrix && b.kind == Kind::kTuple) return structures(b, a);
    if (a.kind == Kind::kTuple && b.kind == Kind::kMatrix) return tuple_and_matrix(a, b);
    if (a.kind == Kind::kOperator || b.kind == Kind::kOperator) {
      const auto left = WithoutPoints(a);
      const auto right = WithoutPoints(b);
      if (left || right) return structures(left ? *left : a, right ? *right : b);
    }
    if (a.kind != b.kind) return Sameness::kDifferent;
    switch (a.kind) {
      case Kind::kUnion:
        return unordered(a.args, b.args);
      case Kind::kMatrix:
        return a.columns == b.columns ? each(a.args, b.args) : Sameness::kDifferent;
      case Kind::kTuple:
      case Kind::kOperator:
        return a.name == b.name ? each(a.args, b.args) : Sameness::kDifferent;
      default:
        return Sameness::kDifferent;  // texts, compared as a whole
    }
  }

  Sameness each(const std::vector<Node>& a, const std::vector<Node>& b) {
    if (a.size() != b.size()) return Sameness::kDifferent;
    Sameness all = Sameness::kSame;
    for (size_t i = 0; i < a.size() && all != Sameness::kDifferent; ++i) {
      all = Both(all, same(a[i], b[i]));
    }
    return all;
  }

  // A vector is a column, or the one row of a matrix; a list of lists is a matrix.
  Sameness tuple_and_matrix(const Node& tuple, const Node& matrix) {
    if (tuple.name != "()" && tuple.name != "[]") return Sameness::kDifferent;
    const auto rows = matrix.args.size() / static_cast<size_t>(matrix.columns);
    if (matrix.columns == 1 || rows == 1) return each(tuple.args, matrix.args);
    if (tuple.args.size() != rows) return Sameness::kDifferent;
    std::vector<Node> entries;
    for (const Node& row : tuple.args) {
      const bool fits =
          row.kind == Kind::kTuple && row.args.size() == static_cast<size_t>(matrix.columns);
      if (!fits) return Sameness::kDifferent;
      entries.insert(entries.end(), row.args.begin(), row.args.end());
    }
    return each(entries, matrix.args);
  }

  // 3 : 4 = 6 : 8, and 3/4.
  Sameness ratios(const Node& a, const Node& b) {
    if (a.kind != b.kind) {
      const Node& ratio = a.kind == Kind::kRatio ? a : b;
      const Node& other = a.kind == Kind::kRatio ? b : a;
      if (ratio.args.size() != 2 || !IsScalar(other)) return Sameness::kDifferent;
      return same(Binary(Kind::kDivide, ratio.args[0], ratio.args[1]), other);
    }
    if (a.args.size() != b.args.size()) return Sameness::kDifferent;
    Sameness all = Sameness::kSame;
    for (size_t i = 1; i < a.args.size() && all != Sameness::kDifferent; ++i) {
      if (!IsScalar(a.args[0]) || !IsScalar(a.args[i]) || !IsScalar(b.args[0]) ||
          !IsScalar(b.args[i])) {
        return Sameness::kDifferent;
      }
      all = Both(all,
                 same(Binary(Kind::kMultiply, a.args[0], b.args[i]),
                      Binary(Kind::kMultiply, b.args[0], a.args[i])));
    }
    return all;
  }

  const double tolerance_;
  Budget& budget_;
};

}  // namespace

Sameness Compare(const Node& gold, const Node& answer, double tolerance, Budget& budget) {
  return Comparer(tolerance, budget).same(gold, answer);
}

}  // namespace restem::math
