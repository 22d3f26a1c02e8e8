// LaTeX commands and functions.
#include <algorithm>

#include "reward/math/parser.h"
#include "reward/math/words.h"

namespace restem::math {
namespace {

// Signs over or before a symbol that do not make it another value here.
constexpr std::string_view kAccents[] = {"vec", "hat", "bar", "overrightarrow", "tilde", "widehat"};

template <size_t N>
bool IsOneOf(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

}  // namespace

Node Parser::command() {
  const std::string name = peek().text;
  next();
  if (name == "frac") {
    Node numerator = argument();
    return Binary(Kind::kDivide, std::move(numerator), argument());
  }
  if (name == "sqrt" || name == "cbrt") {
    if (name == "sqrt") return radical();
    return Binary(Kind::kRoot, argument(), Number(3));
  }
  if (name == "binom") {
    Node n = argument();
    return Call("binom", {std::move(n), argument()});
  }
  if (name == "pi") return Leaf(Kind::kPi);
  if (name == "infty") return Leaf(Kind::kInfinity);
  if (name == "lfloor") return between("floor", "rfloor");
  if (name == "lceil") return between("ceil", "rceil");
  if (name == "langle") {
    Node tuple = Leaf(Kind::kTuple, "()");
    tuple.args = items();
    if (!take_command("rangle")) return fail();
    return tuple;
  }
  if (name == "emptyset") return Leaf(Kind::kSet);
  if (name == "begin") return matrix();
  if (name == "mathbb" || name == "Bbb") return blackboard();
  if (IsOneOf(name, kAccents)) return argument();
  if (name == "overline" || name == "angle") {
    Node inside = name == "angle" ? power() : argument();
    return Call(name, {std::move(inside)});
  }
  const std::string function = FunctionName(name);
  if (!function.empty()) return named_function(function);
  // Greek letters: a letter, with a subscript as any other.
  if (name.size() > 12 || name == "end" || name == "to" || name == "ldots" || name == "dots" ||
      name == "cdots" || name == "rightarrow") {
    return fail();
  }
  --at_;
  return symbol(name);
}

Node Parser::argument() {
  const Depth depth(*this);
  if (at_symbol("{")) {
    next();
    Node inside = relation();
    expect_symbol("}");
    return inside;
  }
  // As TeX: \frac12 takes a digit at a time.
  if (peek().type == Type::kNumber && peek().text.size() > 1 &&
      peek().text.find('.') == std::string::npos) {
    Node digit = Number(peek().text.substr(0, 1));
    tokens_[at_].text.erase(0, 1);
    tokens_[at_].space_before = false;
    return digit;
  }
  return atom();
}

// \sqrt{x}, \sqrt[3]{x}, sqrt(x), √12 (which takes the whole number)
Node Parser::radical() {
  const Depth depth(*this);
  Node index = Number(2);
  if (take_symbol("[")) {
    index = sum();
    expect_symbol("]");
  }
  Node inside = at_symbol("{") ? argument() : atom();
  return Binary(Kind::kRoot, std::move(inside), std::move(index));
}

Node Parser::named_function(const std::string& name) {
  const Depth depth(*this);
  std::string function = name;
  Node base;
  Node raised;
  bool has_base = false;
  bool has_power = false;
  for (int i = 0; i < 2 && !failed_; ++i) {
    if (name == "log" && take_symbol("_")) {
      base = argument();
      has_base = true;
    } else if (take_symbol("^")) {
      raised = at_symbol("{") ? argument() : exponent();
      has_power = true;
    }
  }
  const bool inverse = has_power && raised == Unary(Kind::kNegate, Number(1));
  if (inverse && (name == "sin" || name == "cos" || name == "tan")) {
    function = "arc" + name;
    has_power = false;
  }
  Node call;
  if (at_symbol("(")) {
    next();
    const int bars = std::exchange(bars_, 0);
    call = Call(function, items());
    bars_ = bars;
    expect_symbol(")");
  } else {
    call = Call(function, {function_argument()});
  }
  if (function == "cbrt" && call.args.size() == 1) {
    call = Binary(Kind::kRoot, std::move(call.args[0]), Number(3));
  }
  if (has_base) call.args.insert(call.args.begin(), std::move(base));
  if (has_power) call = Binary(Kind::kPower, std::move(call), std::move(raised));
  return call;
}

// Without parentheses: factors up to the next function or sign, "\sin 2x \cos x"; and "\pi/6".
Node Parser::function_argument() {
  std::vector<Node> factors;
  factors.push_back(power());
  while (!failed_ && starts_factor()) {
    const Token& token = peek();
    const bool function =
        token.type != Type::kNumber && !FunctionName(token.text).empty() && token.text != "sqrt";
    if (function || token.text == "(" || token.text == "[" || token.text == "|") break;
    factors.push_back(power());
  }
  if (at_symbol("/") && peek(1).type == Type::kNumber && !peek().space_before) {
    next();
    factors.back() = Binary(Kind::kDivide, std::move(factors.back()), number());
  }
  if (factors.size() == 1) return std::move(factors[0]);
  Node node = Leaf(Kind::kMultiply);
  node.args = std::move(factors);
  return node;
}

Node Parser::between(std::string_view function, std::string_view closing) {
  Node inside = sum();
  if (!take_command(closing)) return fail();
  return Call(std::string(function), {std::move(inside)});
}

std::string Parser::braced_word() {
  std::string word;
  if (take_symbol("{") && peek().type == Type::kWord) {
    word = peek().text;
    next();
  }
  expect_symbol("}");
  return word;
}

Node Parser::matrix() {
  constexpr std::string_view kMatrices[] = {
      "matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"};
  const Depth depth(*this);
  const std::string environment = braced_word();
  if (failed_ || !IsOneOf(environment, kMatrices)) return fail();
  if (environment == "array") {
    expect_symbol("{");
    while (!failed_ && !at_end() && !at_symbol("}")) next();
    expect_symbol("}");
  }
  Node node = Leaf(Kind::kMatrix);
  size_t row = 0;  // where it begins
  while (!failed_) {
    node.args.push_back(relation());
    if (take_symbol("&")) continue;
    const auto width = static_cast<int>(node.args.size() - row);
    if (row > 0 && width != node.columns) return fail();
    node.columns = width;
    row = node.args.size();
    const bool more = take_symbol("\\\\");
    if (take_command("end")) break;
    if (!more) return fail();
  }
  if (braced_word() != environment) return fail();
  return node;
}

// ℝ is the interval it is; other sets of numbers are names.
Node Parser::blackboard() {
  const std::string name = at_symbol("{") ? braced_word() : peek().text;
  if (tokens_[at_ - 1].text != "}") next();
  if (name != "R") return Leaf(Kind::kSymbol, "mathbb:" + name);
  Node reals = Leaf(Kind::kTuple, "()");
  reals.args.push_back(Unary(Kind::kNegate, Leaf(Kind::kInfinity)));
  reals.args.push_back(Leaf(Kind::kInfinity));
  return reals;
}

}  // namespace restem::math
