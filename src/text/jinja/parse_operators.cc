// Operators, from the conditional, which binds least, to the signs.
#include "text/jinja/error.h"
#include "text/jinja/parser.h"

namespace restem::jinja {

using Type = Token::Type;
using Node = Expression::Kind;

ExpressionPtr Parser::parse_conditional() {
  int64_t line = now().line;
  ExpressionPtr value = parse_or();
  while (skip_name("if")) {
    ExpressionPtr condition = parse_or();
    ExpressionPtr other;
    if (skip_name("else")) {
      const Nested nested(*this);
      other = parse_conditional();
    }
    auto operands = Operands(std::move(condition), std::move(value));
    operands.push_back(std::move(other));
    value = make(Node::kConditional, line, std::move(operands));
    line = now().line;
  }
  return value;
}

ExpressionPtr Parser::parse_or() {
  ExpressionPtr left = parse_and();
  while (is_name("or")) {
    const int64_t line = take().line;
    left = make(Node::kOr, line, Operands(std::move(left), parse_and()));
  }
  return left;
}

ExpressionPtr Parser::parse_and() {
  ExpressionPtr left = parse_not();
  while (is_name("and")) {
    const int64_t line = take().line;
    left = make(Node::kAnd, line, Operands(std::move(left), parse_not()));
  }
  return left;
}

ExpressionPtr Parser::parse_not() {
  if (!is_name("not")) return parse_compare();
  const int64_t line = take().line;
  const Nested nested(*this);
  return make(Node::kNot, line, Operands(parse_not()));
}

ExpressionPtr Parser::parse_compare() {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"==", Operator::kEqual},
      {"!=", Operator::kNotEqual},
      {"<", Operator::kLess},
      {"<=", Operator::kLessEqual},
      {">", Operator::kGreater},
      {">=", Operator::kGreaterEqual}};
  ExpressionPtr node = make(Node::kCompare, now().line);
  node->operands.push_back(parse_sum());
  for (;;) {
    const size_t known = node->operators.size();
    for (const auto& [text, op] : kOperators) {
      if (node->operators.size() == known && skip_operator(text)) node->operators.push_back(op);
    }
    if (node->operators.size() == known) {
      if (skip_name("in")) {
        node->operators.push_back(Operator::kIn);
      } else if (is_name("not") && ahead().type == Type::kName && ahead().text == "in") {
        at_ += 2;
        node->operators.push_back(Operator::kNotIn);
      } else {
        break;
      }
    }
    node->operands.push_back(parse_sum());
  }
  if (node->operators.empty()) return std::move(node->operands[0]);
  return finish(std::move(node));
}

ExpressionPtr Parser::parse_sum() {
  ExpressionPtr left = parse_concat();
  while (is_operator("+") || is_operator("-")) {
    const Operator op = is_operator("+") ? Operator::kAdd : Operator::kSubtract;
    const int64_t line = take().line;
    left = make(Node::kBinary, line, Operands(std::move(left), parse_concat()));
    left->operators.push_back(op);
  }
  return left;
}

ExpressionPtr Parser::parse_concat() {
  ExpressionPtr first = parse_product();
  if (!is_operator("~")) return first;
  ExpressionPtr node = make(Node::kConcat, first->line);
  node->operands.push_back(std::move(first));
  while (skip_operator("~")) node->operands.push_back(parse_product());
  return finish(std::move(node));
}

ExpressionPtr Parser::parse_product() {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"*", Operator::kMultiply},
      {"/", Operator::kDivide},
      {"//", Operator::kFloorDivide},
      {"%", Operator::kModulo}};
  ExpressionPtr left = parse_power();
  for (bool more = true; more;) {
    more = false;
    for (const auto& [text, op] : kOperators) {
      const int64_t line = now().line;
      if (!skip_operator(text)) continue;
      left = make(Node::kBinary, line, Operands(std::move(left), parse_power()));
      left->operators.push_back(op);
      more = true;
    }
  }
  return left;
}

ExpressionPtr Parser::parse_power() {
  ExpressionPtr left = parse_unary(/*with_filter=*/true);
  while (is_operator("**")) {
    const int64_t line = take().line;
    left = make(Node::kBinary, line, Operands(std::move(left), parse_unary(true)));
    left->operators.push_back(Operator::kPower);
  }
  return left;
}

ExpressionPtr Parser::parse_unary(bool with_filter) {
  ExpressionPtr node;
  if (is_operator("-") || is_operator("+")) {
    const Node kind = is_operator("-") ? Node::kNegative : Node::kPositive;
    const int64_t line = take().line;
    const Nested nested(*this);
    node = make(kind, line, Operands(parse_unary(/*with_filter=*/false)));
  } else {
    node = parse_primary();
  }
  node = parse_postfix(std::move(node));
  return with_filter ? parse_filters_and_tests(std::move(node)) : std::move(node);
}

}  // namespace restem::jinja
