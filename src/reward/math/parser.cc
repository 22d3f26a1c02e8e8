#include "reward/math/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reward/math/parse.h"
#include "reward/math/words.h"
#include "reward/unicode.h"

namespace restem::math {
namespace {

// The tree with + (sign 1) or − for each ±, and the opposite for each ∓.
Node WithSign(Node node, int sign) {
  for (Node& arg : node.args) arg = WithSign(std::move(arg), sign);
  if (node.kind != Kind::kPlusMinus) return node;
  const bool minus = (sign < 0) == (node.name == "+-");
  Node last =
      minus ? Unary(Kind::kNegate, std::move(node.args.back())) : std::move(node.args.back());
  if (node.args.size() == 1) return last;
  return Binary(Kind::kAdd, std::move(node.args[0]), std::move(last));
}

bool IsSetLike(const Node& node) {
  return node.kind == Kind::kTuple || node.kind == Kind::kSet || node.kind == Kind::kUnion;
}

// 05/01/2021 and 2021-05-01: three numbers that are not to be divided or subtracted. Empty for what
// is no date, else without leading zeros.
std::string Date(std::string_view text) {
  std::string date;
  std::string shape;  // digits a number has, and what stands between them
  size_t digits = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && c != '/' && c != '-') return "";
    if (digit) {
      const bool zero = date.empty() || date.back() == '/' || date.back() == '-';
      if (!(zero && c == '0')) date += c;
      ++digits;
    } else {
      shape += fmt::format("{}{}", digits, c);
      date += c;
      digits = 0;
    }
  }
  shape += fmt::format("{}", digits);
  if (shape.size() != 5 || shape[1] != shape[3]) return "";
  const auto short_number = [&](size_t at) { return shape[at] == '1' || shape[at] == '2'; };
  const bool american =
      shape[1] == '/' && short_number(0) && short_number(2) && (shape[4] == '4' || shape[4] == '2');
  const bool iso = shape[1] == '-' && shape[0] == '4' && short_number(2) && short_number(4);
  return american || iso ? date : "";
}

}  // namespace

std::optional<Node> Parse(std::string_view text) {
  if (std::string date = Date(text); !date.empty()) return Leaf(Kind::kText, std::move(date));
  auto tokens = Tokenize(text);
  if (!tokens) return std::nullopt;
  Parser parser(*std::move(tokens));
  Node node = parser.answer();
  if (parser.failed()) return std::nullopt;
  return node;
}

bool Parser::take_symbol(std::string_view text) {
  if (!at_symbol(text)) return false;
  next();
  return true;
}

bool Parser::take_command(std::string_view text) {
  if (!at_command(text)) return false;
  next();
  return true;
}

void Parser::expect_symbol(std::string_view text) {
  if (!take_symbol(text)) fail();
}

Node Parser::fail() {
  failed_ = true;
  at_ = tokens_.size() - 1;
  return {};
}

Node Parser::answer() {
  std::vector<Node> all = items();
  take_symbol(".");
  if (!at_end() || all.empty()) return fail();
  if (all.size() == 1) return std::move(all[0]);
  // Words are in an order: text.
  const bool words = std::all_of(
      all.begin(), all.end(), [](const Node& node) { return node.kind == Kind::kText; });
  if (words) return fail();
  Node list = Leaf(Kind::kList);
  list.args = std::move(all);
  return list;
}

std::vector<Node> Parser::items() {
  std::vector<Node> all;
  do {
    add_item(all, relation());
  } while (!failed_ && take_separator());
  return all;
}

bool Parser::take_separator() {
  bool taken = take_symbol(",") || take_symbol(";");
  if (at_word("and") || at_word("or")) {
    next();
    taken = true;
  }
  return taken;
}

void Parser::add_item(std::vector<Node>& all, Node item) {
  if (!Contains(item, Kind::kPlusMinus)) {
    all.push_back(std::move(item));
    return;
  }
  all.push_back(WithSign(item, 1));
  all.push_back(WithSign(std::move(item), -1));
}

char Parser::take_relation() {
  const Token& token = peek();
  constexpr std::pair<std::string_view, char> kRelations[] = {{"=", '='},
                                                              {"<", '<'},
                                                              {">", '>'},
                                                              {"le", 'l'},
                                                              {"ge", 'g'},
                                                              {"ne", '!'},
                                                              {"approx", '~'},
                                                              {"equiv", '='},
                                                              {"in", 'E'}};
  for (const auto& [text, op] : kRelations) {
    if (token.text == text && token.type != Type::kNumber) {
      next();
      return op;
    }
  }
  return '\0';
}

Node Parser::relation() {
  const Depth depth(*this);
  Node first;
  if (!take_function_name(first)) first = side();
  std::string ops;
  std::vector<Node> sides;
  while (const char op = failed_ ? '\0' : take_relation()) {
    ops += op;
    sides.push_back(side());
  }
  if (sides.empty()) return first;
  sides.insert(sides.begin(), std::move(first));
  Node node = Leaf(Kind::kRelation, std::move(ops));
  node.args = std::move(sides);
  return node;
}

// f(x) = …, P(A) = …: the name of what is defined, not a product.
bool Parser::take_function_name(Node& name) {
  if (peek().type != Type::kWord || peek().text.size() != 1 || !peek(1).is(Type::kSymbol, "(")) {
    return false;
  }
  std::string text = peek().text + "(";
  size_t ahead = 2;
  for (; !peek(ahead).is(Type::kSymbol, ")"); ++ahead) {
    const Token& token = peek(ahead);
    const bool plain =
        token.type == Type::kWord || token.type == Type::kNumber || token.text == ",";
    if (!plain || ahead > 8) return false;
    text += token.text;
  }
  if (!peek(ahead + 1).is(Type::kSymbol, "=")) return false;
  at_ += ahead + 1;
  name = Leaf(Kind::kSymbol, text + ")");
  return true;
}

Node Parser::side() {
  std::string words;
  if (take_words(words)) {
    // "five" is 5; in brackets it is a remark: "5 (five)".
    const auto number = brackets_ == 0 ? NumberWord(words) : std::nullopt;
    return number ? Number(*number) : Leaf(Kind::kText, std::move(words));
  }
  Node value = union_of_sets();
  if (at_symbol(":")) {
    Node ratio = Leaf(Kind::kRatio);
    ratio.args.push_back(std::move(value));
    while (take_symbol(":")) ratio.args.push_back(union_of_sets());
    value = std::move(ratio);
  }
  take_unit(value);
  return value;
}

// A side of nothing but words.
bool Parser::take_words(std::string& words) {
  size_t ahead = 0;
  std::string all;
  while (peek(ahead).type == Type::kWord && peek(ahead).text != "and" && peek(ahead).text != "or" &&
         (ahead > 0 || IsWord(peek(), /*behind_number=*/false))) {
    all += (all.empty() ? "" : " ") + peek(ahead).text;
    ++ahead;
  }
  const Token& token = peek(ahead);
  const bool ends = token.type == Type::kEnd || token.text == "," || token.text == ";" ||
                    token.text == "=" || token.text == "." || token.text == "and" ||
                    token.text == "or" || token.text == ")" || token.text == "\\}";
  if (ahead == 0 || !ends) return false;
  at_ += ahead;
  words = FoldText(all);
  return true;
}

// "cm", "square feet", "m/s^2", "miles per hour" and any other words.
void Parser::take_unit(Node& value) {
  if (failed_ || !IsWord(peek(), /*behind_number=*/true) || at_word("and") || at_word("or")) return;
  if (at_word("in") && !Contains(value, Kind::kNumber)) return;  // x in [0, 1]
  std::string unit;
  while (true) {
    const Token& token = peek();
    const bool word = token.type == Type::kWord && token.text != "and" && token.text != "or";
    const bool power = token.is(Type::kSymbol, "^");
    const bool joins = token.is(Type::kSymbol, "/") || token.is(Type::kSymbol, "-") ||
                       token.is(Type::kCommand, "cdot");
    if (!word && !power && !joins) break;
    if (word && token.space_before && !unit.empty()) unit += ' ';
    unit += token.text;
    next();
    if (!power) continue;
    const bool braced = take_symbol("{");
    if (peek().type != Type::kNumber) fail();
    unit += peek().text;
    next();
    if (braced) expect_symbol("}");
  }
  unit = FoldText(unit);
  if (unit == "percent" || unit == "degree" || unit == "degrees") {
    value = Call(unit == "percent" ? "percent" : "degree", {std::move(value)});
  } else {
    value.unit = std::move(unit);
  }
}

bool Parser::at_plain_union(const Node& before) const {
  return at_word("U") && IsSetLike(before) &&
         (peek(1).is(Type::kSymbol, "(") || peek(1).is(Type::kSymbol, "[") ||
          peek(1).is(Type::kSymbol, "\\{"));
}

Node Parser::union_of_sets() {
  Node first = sum();
  while (!failed_) {
    if (at_command("cup") || at_plain_union(first)) {
      next();
      Node second = sum();
      if (first.kind == Kind::kUnion) {
        first.args.push_back(std::move(second));
      } else {
        first = Binary(Kind::kUnion, std::move(first), std::move(second));
      }
    } else if (at_command("cap") || at_command("setminus")) {
      std::string name = peek().text;
      next();
      first = Binary(Kind::kOperator, std::move(first), sum());
      first.name = std::move(name);
      if (++left_nested_ > kMaxLeftNested) return fail();
    } else {
      break;
    }
  }
  return first;
}

}  // namespace restem::math
