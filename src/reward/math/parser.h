// The recursive-descent parser behind Parse(): lists of relations between sums of products.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reward/math/node.h"
#include "reward/math/token.h"

namespace restem::math {

// One use. After a failure every function returns at once, and the result means nothing.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Node answer();  // everything up to the end
  bool failed() const { return failed_; }

 private:
  using Type = Token::Type;

  // ---- Tokens ----
  const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool at_symbol(std::string_view text) const { return peek().is(Type::kSymbol, text); }
  bool at_command(std::string_view text) const { return peek().is(Type::kCommand, text); }
  bool at_word(std::string_view text) const { return peek().is(Type::kWord, text); }
  bool at_end() const { return peek().type == Type::kEnd; }
  void next() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  bool take_symbol(std::string_view text);
  bool take_command(std::string_view text);
  void expect_symbol(std::string_view text);
  Node fail();

  // ---- Structure, parser.cc ----
  std::vector<Node> items();  // a, b; c and d
  bool take_separator();
  void add_item(std::vector<Node>& all, Node item);
  Node relation();       // a < b = c
  char take_relation();  // '\0' where there is none
  Node side();           // a : b, with the unit behind it
  Node union_of_sets();  // a ∪ b
  bool at_plain_union(const Node& before) const;
  bool take_function_name(Node& name);  // "f(x)" before an equals sign
  bool take_words(std::string& words);
  void take_unit(Node& value);

  // ---- Arithmetic, parse_arithmetic.cc ----
  Node sum();
  Node product();
  bool take_factor(std::vector<Node>& factors);
  bool take_mixed_part(std::vector<Node>& factors);
  bool at_times_letter() const;
  bool starts_factor() const;
  Node signed_factor();
  Node power();
  Node exponent();
  bool take_postfix(Node& base);
  Node with_exponent(Node base);
  Node numeral(const Node& digits);  // 1010_2

  // ---- Atoms, parse_atom.cc ----
  Node atom();
  Node number();
  Node repeating(const std::string& digits);
  bool take_scientific(Node& number);
  Node letters();
  Node symbol(std::string name);
  Node bracketed();
  Node braced_set();
  Node absolute();

  // ---- Commands, parse_command.cc ----
  Node command();
  Node named_function(const std::string& name);
  Node function_argument();
  Node argument();  // {…} or one token, as TeX takes it
  Node radical();
  Node between(std::string_view function, std::string_view closing);
  Node matrix();
  Node blackboard();
  std::string braced_word();

  // One level of nesting; false, and failed, where there are too many.
  class Depth {
   public:
    explicit Depth(Parser& parser) : parser_(parser) {
      constexpr int kMaxDepth = 60;
      if (++parser_.depth_ > kMaxDepth) parser_.fail();
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Parser& parser_;
  };

  // a / b / c and a \ b \ c nest without recursion; nobody writes many.
  static constexpr int kMaxLeftNested = 40;

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int left_nested_ = 0;  // operations whose left side holds the one before
  int brackets_ = 0;     // open ( and [
  int bars_ = 0;         // open |
  bool failed_ = false;
};

}  // namespace restem::math
