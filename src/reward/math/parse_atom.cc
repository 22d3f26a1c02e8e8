// Numbers, variables, words and what brackets enclose.
#include <algorithm>

#include "reward/math/parser.h"
#include "reward/math/words.h"
#include "reward/unicode.h"

namespace restem::math {

Node Parser::atom() {
  const Depth depth(*this);
  if (failed_) return {};
  switch (peek().type) {
    case Type::kNumber:
      return number();
    case Type::kWord:
      return letters();
    case Type::kCommand:
      return command();
    case Type::kSymbol:
      break;
    case Type::kEnd:
      return fail();
  }
  if (at_symbol("(") || at_symbol("[")) return bracketed();
  if (at_symbol("\\{")) return braced_set();
  if (at_symbol("|")) return absolute();
  if (!take_symbol("{")) return fail();
  // Braces that only group.
  Node inside = relation();
  expect_symbol("}");
  return inside;
}

Node Parser::number() {
  const std::string digits = peek().text;
  next();
  const bool point = digits.find('.') != std::string::npos;
  if (point && at_command("overline") && !peek().space_before) return repeating(digits);
  Node node = Number(digits);
  if (take_scientific(node)) return node;
  return node;
}

// 0.1\overline{6} = (16 - 1) / 90
Node Parser::repeating(const std::string& digits) {
  next();
  expect_symbol("{");
  const std::string period = peek().text;
  if (peek().type != Type::kNumber || period.find('.') != std::string::npos) return fail();
  next();
  expect_symbol("}");
  const size_t point = digits.find('.');
  const std::string fixed = digits.substr(0, point) + digits.substr(point + 1);
  const size_t decimals = digits.size() - point - 1;
  Node difference = Binary(Kind::kAdd, Number(fixed + period), Unary(Kind::kNegate, Number(fixed)));
  Node nines = Number(std::string(period.size(), '9') + std::string(decimals, '0'));
  return Binary(Kind::kDivide, std::move(difference), std::move(nines));
}

// 3e5, 1.5E-3. "2e-1" is left to be 2e − 1.
bool Parser::take_scientific(Node& number) {
  if (peek().type != Type::kWord || peek().space_before) return false;
  const std::string letter = peek().text;
  if (letter != "e" && letter != "E") return false;
  const bool is_signed = peek(1).is(Type::kSymbol, "-") || peek(1).is(Type::kSymbol, "+");
  const Token& digits = peek(is_signed ? 2 : 1);
  const bool whole = digits.type == Type::kNumber && !digits.space_before &&
                     digits.text.find('.') == std::string::npos;
  if (!whole || (is_signed && peek(1).space_before)) return false;
  const bool clear = !is_signed || letter == "E" || number.name == "1" || digits.text.size() > 1 ||
                     number.name.find('.') != std::string::npos;
  if (!clear) return false;
  Node exponent = Number(digits.text);
  if (peek(1).is(Type::kSymbol, "-")) exponent = Unary(Kind::kNegate, std::move(exponent));
  at_ += is_signed ? 3 : 2;
  number = Binary(
      Kind::kMultiply, std::move(number), Binary(Kind::kPower, Number(10), std::move(exponent)));
  return true;
}

// A run of letters: a function, a constant, or a product of variables.
Node Parser::letters() {
  const Token token = peek();
  const std::string& word = token.text;
  if (word.size() > 1 && !token.in_text) {
    const std::string function = FunctionName(word);
    if (!function.empty()) {
      next();
      return function == "sqrt" ? radical() : named_function(function);
    }
    if (word == "pi") {
      next();
      return Leaf(Kind::kPi);
    }
    if (word == "inf" || word == "infinity" || word == "infty" || word == "oo") {
      next();
      return Leaf(Kind::kInfinity);
    }
  }
  if (word.size() > 1 && token.in_text) {
    const std::string function = FunctionName(word);
    if (function.empty()) return fail();
    next();
    return named_function(function);
  }
  if (word.size() > 4) return fail();
  const std::string letter = word.substr(0, 1);
  if (word.size() == 1 && token.in_text) {
    next();
    return Leaf(Kind::kSymbol, letter);
  }
  if (word.size() == 1) return symbol(letter);
  // One letter at a time: the others stay for the product.
  tokens_[at_].text.erase(0, 1);
  tokens_[at_].space_before = false;
  if (letter == "e") return Leaf(Kind::kE);
  if (letter == "i") return Leaf(Kind::kI);
  return Leaf(Kind::kSymbol, letter);
}

// Consumes the token at hand where it is all of the name, and the subscript and primes behind it.
Node Parser::symbol(std::string name) {
  const bool whole = peek().text == name;
  if (whole) next();
  if (whole && at_symbol("_")) {
    next();
    name += '_';
    const bool braced = take_symbol("{");
    for (int parts = 0; !failed_; ++parts) {
      const bool part = peek().type == Type::kNumber || peek().type == Type::kWord ||
                        peek().type == Type::kCommand || (braced && peek().text == ",");
      if (!part || (!braced && parts > 0) || parts > 8) break;
      name += peek().text;
      next();
    }
    if (braced) expect_symbol("}");
  }
  while (whole && take_symbol("'")) name += '\'';
  if (name == "e") return Leaf(Kind::kE);
  if (name == "i") return Leaf(Kind::kI);
  return Leaf(Kind::kSymbol, std::move(name));
}

// (x), (a, b), [a, b), [x]
Node Parser::bracketed() {
  const std::string open = peek().text;
  next();
  const int bars = std::exchange(bars_, 0);
  ++brackets_;
  std::vector<Node> inside = items();
  --brackets_;
  bars_ = bars;
  const std::string close = peek().text;
  if (failed_ || (close != ")" && close != "]") || peek().type != Type::kSymbol) return fail();
  next();
  if (inside.size() == 1) {
    if ((open == "(") != (close == ")")) return fail();
    return std::move(inside[0]);
  }
  Node tuple = Leaf(Kind::kTuple, open + close);
  tuple.args = std::move(inside);
  return tuple;
}

Node Parser::braced_set() {
  next();
  Node set = Leaf(Kind::kSet);
  if (take_symbol("\\}")) return set;
  // {x | x > 3} is what it says of x.
  if (peek().type == Type::kWord && peek().text.size() == 1 &&
      (peek(1).is(Type::kSymbol, "|") || peek(1).is(Type::kSymbol, ":"))) {
    at_ += 2;
    Node condition = relation();
    expect_symbol("\\}");
    return condition.kind == Kind::kRelation ? condition : fail();
  }
  const int bars = std::exchange(bars_, 0);
  set.args = items();
  bars_ = bars;
  expect_symbol("\\}");
  return set;
}

Node Parser::absolute() {
  next();
  ++bars_;
  Node inside = sum();
  --bars_;
  expect_symbol("|");
  return Call("abs", {std::move(inside)});
}

}  // namespace restem::math
