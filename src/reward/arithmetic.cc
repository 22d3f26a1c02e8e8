#include "reward/arithmetic.h"

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace restem {
namespace {

constexpr int kMaxDepth = 200;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNameChar(char c) { return IsNameStart(c) || IsDigit(c); }

// Recursive descent; each rule returns the value of what it consumed.
class Parser {
 public:
  Parser(std::string_view text, const Variables& variables) : text_(text), variables_(variables) {}

  absl::StatusOr<Number> run() {
    RESTEM_ASSIGN_OR_RETURN(Number value, sum());
    if (at_ < text_.size()) return unexpected();
    return value;
  }

 private:
  using Result = absl::StatusOr<Number>;

  Result sum() {
    RESTEM_ASSIGN_OR_RETURN(Number value, product());
    while (true) {
      const bool plus = take("+");
      if (!plus && !take("-") && !take("−")) return value;
      RESTEM_ASSIGN_OR_RETURN(const Number right, product());
      RESTEM_ASSIGN_OR_RETURN(value, finite(plus ? Add(value, right) : Subtract(value, right)));
    }
  }

  Result product() {
    RESTEM_ASSIGN_OR_RETURN(Number value, signed_value());
    while (true) {
      const bool times = take("*") || take("×");
      if (!times && !take("/") && !take("÷")) return value;
      RESTEM_ASSIGN_OR_RETURN(const Number right, signed_value());
      if (!times && IsZero(right)) return error("division by zero");
      RESTEM_ASSIGN_OR_RETURN(value, finite(times ? Multiply(value, right) : Divide(value, right)));
    }
  }

  Result signed_value() {
    RESTEM_RETURN_IF_ERROR(enter());
    const bool minus = take("-") || take("−");
    const bool any = minus || take("+");
    Result value = any ? signed_value() : power();
    --depth_;
    if (value.ok() && minus) return Negate(*value);
    return value;
  }

  Result power() {
    RESTEM_ASSIGN_OR_RETURN(const Number base, primary());
    if (!take("^")) return base;
    RESTEM_ASSIGN_OR_RETURN(const Number exponent, signed_value());
    if (IsZero(base) && exponent.value < 0) return error("division by zero");
    return finite(Power(base, exponent));
  }

  Result primary() {
    skip_spaces();
    if (take("(")) {
      RESTEM_ASSIGN_OR_RETURN(const Number value, sum());
      if (!take(")")) return unexpected("')'");
      return value;
    }
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (IsDigit(c) || c == '.') return number();
    if (IsNameStart(c)) return variable();
    return unexpected("a number");
  }

  Result number() {
    const size_t begin = at_;
    bool point = false;
    bool digit = false;
    while (at_ < text_.size() && (IsDigit(text_[at_]) || (text_[at_] == '.' && !point))) {
      (text_[at_] == '.' ? point : digit) = true;
      ++at_;
    }
    if (!digit) return unexpected("a digit");
    const std::string_view digits = text_.substr(begin, at_ - begin);
    const Number value = Number::parse(digits, exponent());
    skip_spaces();
    return finite(value);
  }

  // The "e-3" of 2.5e-3; 0 where there is none.
  int64_t exponent() {
    constexpr int64_t kLimit = 100000;  // beyond what a double holds
    if (at_ >= text_.size() || (text_[at_] != 'e' && text_[at_] != 'E')) return 0;
    size_t at = at_ + 1;
    const bool minus = at < text_.size() && text_[at] == '-';
    if (minus || (at < text_.size() && text_[at] == '+')) ++at;
    if (at >= text_.size() || !IsDigit(text_[at])) return 0;
    int64_t value = 0;
    for (; at < text_.size() && IsDigit(text_[at]); ++at) {
      value = std::min(kLimit, value * 10 + (text_[at] - '0'));
    }
    at_ = at;
    return minus ? -value : value;
  }

  Result variable() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    const auto found = variables_.find(name);
    if (found == variables_.end()) return error(fmt::format("unknown variable '{}'", name));
    skip_spaces();
    return found->second;
  }

  Result finite(const Number& value) {
    if (!std::isfinite(value.value)) return error("the value is not a finite number");
    return value;
  }
  bool take(std::string_view symbol) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    skip_spaces();
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  // The stack is finite, a completion's parentheses need not be.
  absl::Status enter() {
    if (++depth_ > kMaxDepth) return InvalidInput(fmt::format("nested deeper than {}", kMaxDepth));
    return absl::OkStatus();
  }
  absl::Status error(std::string_view what) const {
    return InvalidInput(fmt::format("{} at column {}", what, at_ + 1));
  }
  absl::Status unexpected(std::string_view wanted = "an operator") const {
    if (at_ >= text_.size()) {
      return InvalidInput(
          fmt::format("syntax error: the expression ends where {} should follow", wanted));
    }
    return InvalidInput(fmt::format(
        "syntax error at column {}: '{}' where {} should be", at_ + 1, symbol_here(), wanted));
  }
  // The whole UTF-8 character, not its first byte.
  std::string_view symbol_here() const {
    size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return text_.substr(at_, end - at_);
  }

  const std::string_view text_;
  const Variables& variables_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<Number> Evaluate(std::string_view text, const Variables& variables) {
  return Parser(text, variables).run();
}

}  // namespace restem
