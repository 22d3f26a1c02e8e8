// An answer as a tree: numbers, symbols, operations, and the sets, intervals, matrices, relations
// and lists that answers are made of.
#pragma once

#include <string>
#include <vector>

namespace restem::math {

enum class Kind {
  kNumber,     // name: decimal digits with at most one point, no sign, no leading or trailing zeros
  kSymbol,     // name: a variable "x", "x_1", "f(x)", or "AB"
  kPi,         // constants
  kE,          //
  kI,          //
  kInfinity,   //
  kAdd,        // args: summands
  kMultiply,   // args: factors
  kNegate,     // args: one
  kDivide,     // args: numerator, denominator
  kPower,      // args: base, exponent
  kRoot,       // args: radicand, index
  kFunction,   // name: "sin", "abs", "factorial", "percent", "degree", …; args: its arguments
  kPlusMinus,  // name: "+-" or "-+"; args: two, or one where it is a sign. Gone once parsed: a list
  kTuple,      // name: its delimiters "()", "[)", …: points, vectors and intervals alike
  kSet,        // args: elements; order and repetition do not count
  kList,       // args: several answers; order does not count, repetition does
  kUnion,      // args: sets; order does not count
  kOperator,   // name: "cap", "setminus"; args: two sets
  kMatrix,     // args: row by row; columns
  kRatio,      // args: a : b : c
  kRelation,   // name: one character of "=<l>g!~E" between neighbouring args (l, g: or equal)
  kText,       // name: folded words
};

struct Node {
  Kind kind = Kind::kText;
  std::string name;
  std::vector<Node> args;
  int columns = 0;
  // The words behind a number: "cm", "square feet". Of a whole answer only.
  std::string unit;

  bool operator==(const Node&) const = default;
};

Node Leaf(Kind kind, std::string name = "");
Node Number(std::string digits);
Node Number(int64_t value);  // negative: a kNegate
Node Unary(Kind kind, Node arg);
Node Binary(Kind kind, Node left, Node right);
Node Call(std::string function, std::vector<Node> args);

// A value rather than a relation, a list, a set, a text, …
bool IsScalar(const Node& node);
// Does any node of this kind occur in the tree?
bool Contains(const Node& node, Kind kind);
bool ContainsCall(const Node& node, std::string_view function);

// The tree as text, for a verdict's reason.
std::string ToString(const Node& node);

}  // namespace restem::math
