// Sums, products, powers and what stands behind an operand.
#include <algorithm>
#include <charconv>

#include "reward/math/parser.h"
#include "reward/math/words.h"

namespace restem::math {

Node Parser::sum() {
  const Depth depth(*this);
  std::vector<Node> terms;
  for (bool first = true; !failed_; first = false) {
    const bool pm = at_command("pm");
    if (pm || at_command("mp")) {
      next();
      Node node = Leaf(Kind::kPlusMinus, pm ? "+-" : "-+");
      if (!terms.empty()) {
        Node before = terms.size() == 1 ? std::move(terms[0]) : Leaf(Kind::kAdd);
        if (before.kind == Kind::kAdd && before.args.empty()) before.args = std::move(terms);
        terms.clear();
        node.args.push_back(std::move(before));
      }
      node.args.push_back(product());
      terms.push_back(std::move(node));
    } else if (take_symbol("-")) {
      terms.push_back(Unary(Kind::kNegate, product()));
    } else if (take_symbol("+") || first) {
      terms.push_back(product());
    } else {
      break;
    }
    if (terms.size() > 1000) return fail();
  }
  if (failed_ || terms.empty()) return fail();
  if (terms.size() == 1) return std::move(terms[0]);
  Node node = Leaf(Kind::kAdd);
  node.args = std::move(terms);
  return node;
}

Node Parser::product() {
  const Depth depth(*this);
  std::vector<Node> factors;
  factors.push_back(signed_factor());
  while (!failed_ && take_factor(factors)) {
  }
  if (failed_) return fail();
  if (factors.size() == 1) return std::move(factors[0]);
  const bool words = std::any_of(factors.begin(), factors.end(), [](const Node& factor) {
    return factor.kind == Kind::kText;
  });
  if (words) return fail();
  Node node = Leaf(Kind::kMultiply);
  node.args = std::move(factors);
  return node;
}

// What comes next of a product; a quotient takes the place of all that stands before it.
bool Parser::take_factor(std::vector<Node>& factors) {
  if (take_symbol("*") || take_command("times") || take_command("cdot")) {
    factors.push_back(signed_factor());
    return true;
  }
  if (at_symbol("/") || at_command("div")) {
    next();
    const Depth depth(*this);
    Node all = Leaf(Kind::kMultiply);
    all.args = std::move(factors);
    if (all.args.size() == 1) all = Node(std::move(all.args[0]));
    factors.clear();
    factors.push_back(Binary(Kind::kDivide, std::move(all), signed_factor()));
    if (++left_nested_ > kMaxLeftNested) fail();
    return true;
  }
  if (at_times_letter()) {
    next();
    factors.push_back(power());
    return true;
  }
  if (take_mixed_part(factors)) return true;
  if (!starts_factor()) return false;
  factors.push_back(power());
  return true;
}

// 3 x 4
bool Parser::at_times_letter() const {
  return at_word("x") && peek().space_before && peek(1).type == Type::kNumber &&
         peek(1).space_before && at_ > 0 && tokens_[at_ - 1].type == Type::kNumber;
}

// 3\frac{1}{2} and 3 1/2, where all are whole numbers.
bool Parser::take_mixed_part(std::vector<Node>& factors) {
  const auto whole = [](const Node& node) {
    return node.kind == Kind::kNumber && node.name.find('.') == std::string::npos;
  };
  if (factors.size() != 1 || !whole(factors[0]) || tokens_[at_ - 1].type != Type::kNumber) {
    return false;
  }
  const size_t start = at_;
  Node part;
  if (at_command("frac")) {
    part = atom();
  } else if (peek().type == Type::kNumber && peek().space_before &&
             peek(1).is(Type::kSymbol, "/") && peek(2).type == Type::kNumber) {
    Node numerator = number();
    next();
    part = Binary(Kind::kDivide, std::move(numerator), number());
  } else {
    return false;
  }
  if (part.kind != Kind::kDivide || !whole(part.args[0]) || !whole(part.args[1])) {
    if (!failed_) at_ = start;
    return false;
  }
  factors[0] = Binary(Kind::kAdd, std::move(factors[0]), std::move(part));
  if (at_symbol("%") || at_command("degree") || at_symbol("^")) take_postfix(factors[0]);
  return true;
}

// Does the next token multiply what stands before it, without a sign between them?
bool Parser::starts_factor() const {
  const Token& token = peek();
  switch (token.type) {
    case Type::kNumber: {
      // Two numbers side by side are no product.
      const Token& before = tokens_[at_ - 1];
      return before.type != Type::kNumber;
    }
    case Type::kWord: {
      if (token.text == "and" || token.text == "or" || token.text == "in") return false;
      if (token.text == "U" && token.space_before) return false;
      return !IsWord(token, /*behind_number=*/true);
    }
    case Type::kCommand: {
      constexpr std::string_view kNone[] = {
          "le",     "ge",    "ne",     "approx", "equiv",  "in",  "cup",
          "cap",    "pm",    "mp",     "times",  "cdot",   "div", "setminus",
          "rfloor", "rceil", "rangle", "end",    "degree", "to",  "rightarrow"};
      return std::find(std::begin(kNone), std::end(kNone), token.text) == std::end(kNone);
    }
    case Type::kSymbol:
      return token.text == "(" || token.text == "{" || token.text == "[" ||
             (token.text == "|" && bars_ == 0);
    case Type::kEnd:
      break;
  }
  return false;
}

Node Parser::signed_factor() {
  const Depth depth(*this);
  if (take_symbol("-")) return Unary(Kind::kNegate, signed_factor());
  if (take_symbol("+")) return signed_factor();
  return power();
}

Node Parser::power() {
  const Depth depth(*this);
  Node base = atom();
  for (int i = 0; !failed_ && take_postfix(base); ++i) {
    if (i > 8) return fail();
  }
  return base;
}

bool Parser::take_postfix(Node& base) {
  if (at_symbol("!")) {
    next();
    base = Call("factorial", {std::move(base)});
  } else if (take_symbol("%")) {
    base = Call("percent", {std::move(base)});
  } else if (take_command("degree")) {
    base = Call("degree", {std::move(base)});
  } else if (at_symbol("_") && base.kind == Kind::kNumber) {
    next();
    base = numeral(base);
  } else if (at_symbol("^")) {
    next();
    base = with_exponent(std::move(base));
  } else {
    return false;
  }
  return true;
}

Node Parser::with_exponent(Node base) {
  const bool braced = at_symbol("{") && peek(1).is(Type::kCommand, "degree");
  if (braced) next();
  if (take_command("degree")) {
    if (braced) expect_symbol("}");
    return Call("degree", {std::move(base)});
  }
  return Binary(Kind::kPower, std::move(base), exponent());
}

Node Parser::exponent() {
  const Depth depth(*this);
  if (take_symbol("-")) return Unary(Kind::kNegate, exponent());
  if (take_symbol("+")) return exponent();
  // 2^xy is 2^x y: of a run of letters only the first is the exponent.
  if (peek().type == Type::kWord && peek().text.size() > 1 && FunctionName(peek().text).empty() &&
      peek().text != "pi") {
    Node first = symbol(peek().text.substr(0, 1));
    tokens_[at_].text.erase(0, 1);
    tokens_[at_].space_before = false;
    return first;
  }
  Node node = atom();
  if (at_symbol("!")) {
    next();
    node = Call("factorial", {std::move(node)});
  }
  if (!take_symbol("^")) return node;
  return Binary(Kind::kPower, std::move(node), exponent());
}

Node Parser::numeral(const Node& digits) {
  const bool braced = take_symbol("{");
  if (peek().type != Type::kNumber) return fail();
  int64_t base = 0;
  const std::string text = peek().text;
  std::from_chars(text.data(), text.data() + text.size(), base);
  next();
  if (braced) expect_symbol("}");
  int64_t value = 0;
  for (const char c : digits.name) {
    if (base < 2 || base > 36 || c < '0' || c > '9' || c - '0' >= base) return fail();
    if (value > (int64_t{1} << 56)) return fail();
    value = value * base + (c - '0');
  }
  return Number(value);
}

}  // namespace restem::math
