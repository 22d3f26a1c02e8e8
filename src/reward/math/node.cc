#include "reward/math/node.h"

#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include <algorithm>

namespace restem::math {

Node Leaf(Kind kind, std::string name) { return {kind, std::move(name), {}, 0, ""}; }

Node Number(std::string digits) {
  const size_t point = digits.find('.');
  if (point != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  size_t zeros = 0;
  while (zeros + 1 < digits.size() && digits[zeros] == '0' && digits[zeros + 1] != '.') ++zeros;
  digits.erase(0, zeros);
  if (digits.empty() || digits[0] == '.') digits.insert(0, "0");
  return Leaf(Kind::kNumber, std::move(digits));
}

Node Number(int64_t value) {
  if (value >= 0) return Number(fmt::format("{}", value));
  return Unary(Kind::kNegate, Number(fmt::format("{}", value).substr(1)));
}

Node Unary(Kind kind, Node arg) {
  Node node = Leaf(kind);
  node.args.push_back(std::move(arg));
  return node;
}

Node Binary(Kind kind, Node left, Node right) {
  Node node = Leaf(kind);
  node.args.reserve(2);
  node.args.push_back(std::move(left));
  node.args.push_back(std::move(right));
  return node;
}

Node Call(std::string function, std::vector<Node> args) {
  return {Kind::kFunction, std::move(function), std::move(args), 0, ""};
}

bool IsScalar(const Node& node) { return node.kind <= Kind::kFunction; }

bool Contains(const Node& node, Kind kind) {
  return node.kind == kind || std::any_of(node.args.begin(),
                                          node.args.end(),
                                          [kind](const Node& arg) { return Contains(arg, kind); });
}

bool ContainsCall(const Node& node, std::string_view function) {
  return (node.kind == Kind::kFunction && node.name == function) ||
         std::any_of(node.args.begin(), node.args.end(), [function](const Node& arg) {
           return ContainsCall(arg, function);
         });
}

namespace {

std::string Joined(const Node& node, std::string_view separator) {
  std::string all;
  for (const Node& arg : node.args) {
    if (!all.empty()) all += separator;
    const bool sum = arg.kind == Kind::kAdd && separator != ", ";
    all += sum ? fmt::format("({})", ToString(arg)) : ToString(arg);
  }
  return all;
}

std::string RelationText(const Node& node) {
  std::string all = ToString(node.args[0]);
  for (size_t i = 1; i < node.args.size(); ++i) {
    const char op = node.name[i - 1];
    const std::string sign = op == 'l'   ? "<="
                             : op == 'g' ? ">="
                             : op == '!' ? "!="
                             : op == 'E' ? "in"
                                         : std::string(1, op);
    all += fmt::format(" {} {}", sign, ToString(node.args[i]));
  }
  return all;
}

}  // namespace

std::string ToString(const Node& node) {
  switch (node.kind) {
    case Kind::kPi:
      return "pi";
    case Kind::kE:
      return "e";
    case Kind::kI:
      return "i";
    case Kind::kInfinity:
      return "infinity";
    case Kind::kAdd:
      return Joined(node, " + ");
    case Kind::kMultiply:
      return Joined(node, "*");
    case Kind::kNegate:
      return "-" + Joined(node, "");
    case Kind::kDivide:
      return Joined(node, "/");
    case Kind::kPower:
      return Joined(node, "^");
    case Kind::kRoot:
      return fmt::format("root({})", Joined(node, ", "));
    case Kind::kFunction:
      return fmt::format("{}({})", node.name, Joined(node, ", "));
    case Kind::kTuple:
      return fmt::format("{}{}{}", node.name[0], Joined(node, ", "), node.name[1]);
    case Kind::kSet:
      return fmt::format("{{{}}}", Joined(node, ", "));
    case Kind::kList:
      return Joined(node, ", ");
    case Kind::kUnion:
      return Joined(node, " union ");
    case Kind::kMatrix:
      return fmt::format("matrix of {} columns [{}]", node.columns, Joined(node, ", "));
    case Kind::kRatio:
      return Joined(node, ":");
    case Kind::kRelation:
      return RelationText(node);
    case Kind::kOperator:
    case Kind::kPlusMinus:
      return Joined(node, fmt::format(" {} ", node.name));
    case Kind::kNumber:
    case Kind::kSymbol:
    case Kind::kText:
      break;
  }
  return node.name;
}

}  // namespace restem::math
