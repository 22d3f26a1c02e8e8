#include "reward/number_scan.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace restem {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }

struct VulgarFraction {
  std::string_view text;
  int num;
  int den;
};
constexpr std::array<VulgarFraction, 15> kVulgar = {{{"½", 1, 2},
                                                     {"⅓", 1, 3},
                                                     {"⅔", 2, 3},
                                                     {"¼", 1, 4},
                                                     {"¾", 3, 4},
                                                     {"⅕", 1, 5},
                                                     {"⅖", 2, 5},
                                                     {"⅗", 3, 5},
                                                     {"⅘", 4, 5},
                                                     {"⅙", 1, 6},
                                                     {"⅚", 5, 6},
                                                     {"⅛", 1, 8},
                                                     {"⅜", 3, 8},
                                                     {"⅝", 5, 8},
                                                     {"⅞", 7, 8}}};
constexpr std::array<std::string_view, 7> kThousands = {
    ",\\!", "{,}", "\\,", ",", "\u00a0", "\u2009", "\u202f"};
constexpr std::array<std::string_view, 3> kMinus = {"-", "\u2212", "\u2013"};
constexpr std::array<std::string_view, 7> kCurrency = {"$", "\\$", "€", "£", "¥", "₹", "₩"};
constexpr std::array<std::string_view, 10> kCurrencyCodes = {
    "USD", "EUR", "GBP", "JPY", "CNY", "INR", "CHF", "CAD", "AUD", "Rs"};
constexpr std::array<std::string_view, 3> kFracCommands = {"\\frac{", "\\dfrac{", "\\tfrac{"};
constexpr std::array<std::string_view, 5> kTimes = {"×", "\\times", "\\cdot", "*", "x"};

// The digits of one number, without separators, and where they end.
struct Digits {
  std::string digits;  // "1234.5"
  size_t end = 0;
  bool whole = true;    // no point in it
  bool dotted = false;  // 1.2.3: not a number
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<FoundNumber> run() {
    std::vector<FoundNumber> found;
    size_t at = 0;
    while (at < text_.size()) {
      if (starts_inside_word(at)) {
        at = skip_word(at);
      } else if (auto number = number_at(at)) {
        apply_sign(*number);
        at = std::max(number->end, at + 1);
        if (!skipped_) found.push_back(std::move(*number));
      } else {
        ++at;
      }
    }
    return found;
  }

 private:
  char char_at(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  bool starts_with(size_t at, std::string_view what) const {
    return text_.substr(std::min(at, text_.size())).starts_with(what);
  }
  bool ends_with(size_t at, std::string_view what) const {
    return text_.substr(0, at).ends_with(what);
  }
  size_t skip_spaces(size_t at) const {
    while (char_at(at) == ' ') ++at;
    return at;
  }
  size_t skip_digits(size_t at) const {
    while (IsDigit(char_at(at))) ++at;
    return at;
  }

  // ---- What is not a number ----
  bool starts_inside_word(size_t at) const {
    if (!IsDigit(char_at(at)) || at == 0) return false;
    if (IsLetter(text_[at - 1])) return !follows_latex_or_currency(at);
    const bool signed_exponent = at >= 2 && text_[at - 1] == '-' && is_caret(at - 1);
    return is_caret(at) || signed_exponent;
  }
  bool is_caret(size_t at) const { return ends_with(at, "^") || ends_with(at, "^{"); }
  bool follows_latex_or_currency(size_t at) const {
    size_t begin = at;
    while (begin > 0 && IsLetter(text_[begin - 1])) --begin;
    if (begin > 0 && text_[begin - 1] == '\\') return true;
    const std::string_view word = text_.substr(begin, at - begin);
    return std::find(kCurrencyCodes.begin(), kCurrencyCodes.end(), word) != kCurrencyCodes.end();
  }
  size_t skip_word(size_t at) const {
    while (IsDigit(char_at(at)) || IsLetter(char_at(at)) ||
           (char_at(at) == '.' && IsDigit(char_at(at + 1)))) {
      ++at;
    }
    return at;
  }

  // ---- One number ----

  // Sets skipped_ where the characters are consumed but are no number.
  std::optional<FoundNumber> number_at(size_t at) {
    skipped_ = false;
    auto found = fraction_symbol_at(at);
    if (!found && starts_digits(at)) found = plain_number_at(at);
    if (!found) return std::nullopt;
    take_percent(*found);
    return found;
  }

  bool starts_digits(size_t at) const {
    if (IsDigit(char_at(at))) return true;
    if (char_at(at) != '.' || !IsDigit(char_at(at + 1))) return false;
    if (at == 0) return true;
    const char before = text_[at - 1];
    return !IsDigit(before) && !IsLetter(before) && before != '.' && before != ')';
  }

  std::optional<FoundNumber> plain_number_at(size_t at) {
    const Digits digits = digits_at(at);
    skipped_ = digits.dotted;
    FoundNumber found{at, digits.end, {}};
    if (digits.dotted) return found;
    found.number = Number::parse(digits.digits, 0);
    if (take_exponent(digits, found) || !digits.whole) {
      take_denominator(found);
      return found;
    }
    if (!take_mixed_part(found)) take_denominator(found);
    return found;
  }

  Digits digits_at(size_t at) const {
    Digits result;
    result.end = grouped_digits_end(at, result.digits);
    if (char_at(result.end) == '.' && IsDigit(char_at(result.end + 1))) {
      const size_t end = skip_digits(result.end + 1);
      result.digits += text_.substr(result.end, end - result.end);
      result.end = end;
      result.whole = false;
    }
    if (!result.whole && char_at(result.end) == '.' && IsDigit(char_at(result.end + 1))) {
      result.dotted = true;
      result.end = skip_word(result.end);
    }
    return result;
  }

  // "1,234,567": groups of exactly three digits; any other comma ends the number.
  size_t grouped_digits_end(size_t at, std::string& digits) const {
    size_t end = skip_digits(at);
    digits.assign(text_.substr(at, end - at));
    if (end == at || end - at > 3 || text_[at] == '0') return end;
    const auto separator =
        std::find_if(kThousands.begin(), kThousands.end(), [&](std::string_view candidate) {
          return starts_with(end, candidate);
        });
    if (separator == kThousands.end()) return end;
    while (starts_with(end, *separator)) {
      const size_t group = end + separator->size();
      if (skip_digits(group) - group != 3) break;
      digits += text_.substr(group, 3);
      end = group + 3;
    }
    return end;
  }

  // "e-3" or "× 10^4"; plain "10^4" too.
  bool take_exponent(const Digits& digits, FoundNumber& found) const {
    const auto exponent_at = [&](size_t at) -> size_t {
      return IsDigit(char_at(at))                                                     ? at
             : (char_at(at) == '-' || char_at(at) == '+') && IsDigit(char_at(at + 1)) ? at
                                                                                      : kNone;
    };
    size_t at = kNone;
    bool braces = false;
    const bool letter = char_at(found.end) == 'e' || char_at(found.end) == 'E';
    if (letter) {
      at = exponent_at(found.end + 1);
    } else if (const size_t ten = power_of_ten_at(digits, found.end); ten != kNone) {
      braces = char_at(ten) == '{';
      at = exponent_at(ten + (braces ? 1 : 0));
    }
    if (at == kNone) return false;
    const size_t end = skip_digits(at + 1);
    if (letter && IsLetter(char_at(end))) return false;
    if (braces && char_at(end) != '}') return false;
    const bool ten_alone = !letter && starts_with(found.end, "^");
    found.number = Number::parse(ten_alone ? "1" : digits.digits, clamped(at, end));
    found.end = end + (braces ? 1 : 0);
    return true;
  }
  // Where the exponent's text begins.
  size_t power_of_ten_at(const Digits& digits, size_t at) const {
    if (digits.digits == "10" && char_at(at) == '^') return at + 1;
    const size_t sign = skip_spaces(at);
    for (const std::string_view times : kTimes) {
      if (!starts_with(sign, times)) continue;
      const size_t ten = skip_spaces(sign + times.size());
      if (starts_with(ten, "10^")) return ten + 3;
    }
    return kNone;
  }
  int64_t clamped(size_t at, size_t end) const {
    constexpr int64_t kLimit = 100000;  // beyond what a double holds
    const bool negative = text_[at] == '-';
    int64_t value = 0;
    for (size_t i = at; i < end; ++i) {
      if (IsDigit(text_[i])) value = std::min<int64_t>(kLimit, value * 10 + (text_[i] - '0'));
    }
    return negative ? -value : value;
  }

  // The fraction behind a whole number: "1 1/2", "1 and 1/2", "1½", "1\frac{1}{2}".
  bool take_mixed_part(FoundNumber& found) {
    const size_t space = skip_spaces(found.end);
    const size_t at = starts_with(space, "and ") ? skip_spaces(space + 4) : space;
    auto part = fraction_symbol_at(at);
    if (!part && at > found.end) part = simple_fraction_at(at);
    if (!part || !(part->number.value < 1.0)) return false;
    found.number = Add(found.number, part->number);
    found.end = part->end;
    return true;
  }
  std::optional<FoundNumber> simple_fraction_at(size_t at) const {
    const size_t slash = skip_digits(at);
    const size_t end = skip_digits(slash + 1);
    if (slash == at || char_at(slash) != '/' || end == slash + 1) return std::nullopt;
    if (char_at(end) == '/' || IsLetter(char_at(end))) return std::nullopt;
    return FoundNumber{at,
                       end,
                       Divide(Number::parse(text_.substr(at, slash - at), 0),
                              Number::parse(text_.substr(slash + 1, end - slash - 1), 0))};
  }

  // "3/4", "3 / 4". A date's 12/25/2020 is three numbers.
  void take_denominator(FoundNumber& found) const {
    const size_t slash = skip_spaces(found.end);
    if (char_at(slash) != '/') return;
    const size_t at = skip_spaces(slash + 1);
    if (!IsDigit(char_at(at)) || follows_slash(found.begin)) return;
    const Digits digits = digits_at(at);
    const size_t after = skip_spaces(digits.end);
    if (digits.dotted || (char_at(after) == '/' && IsDigit(char_at(skip_spaces(after + 1))))) {
      return;
    }
    found.number = Divide(found.number, Number::parse(digits.digits, 0));
    found.end = digits.end;
  }
  bool follows_slash(size_t at) const {
    while (at > 0 && text_[at - 1] == ' ') --at;
    return at > 0 && text_[at - 1] == '/';
  }

  // "½" or "\frac{3}{4}".
  std::optional<FoundNumber> fraction_symbol_at(size_t at) const {
    for (const VulgarFraction& vulgar : kVulgar) {
      if (!starts_with(at, vulgar.text)) continue;
      return FoundNumber{
          at, at + vulgar.text.size(), Number::from(Rational{vulgar.num, vulgar.den})};
    }
    for (const std::string_view command : kFracCommands) {
      if (!starts_with(at, command)) continue;
      const size_t num = at + command.size();
      const size_t num_end = skip_digits(num);
      if (num_end == num || !starts_with(num_end, "}{")) return std::nullopt;
      const size_t den = num_end + 2;
      const size_t den_end = skip_digits(den);
      if (den_end == den || char_at(den_end) != '}') return std::nullopt;
      return FoundNumber{at,
                         den_end + 1,
                         Divide(Number::parse(text_.substr(num, num_end - num), 0),
                                Number::parse(text_.substr(den, den_end - den), 0))};
    }
    return std::nullopt;
  }

  void take_percent(FoundNumber& found) const {
    const size_t at = skip_spaces(found.end);
    for (const std::string_view sign : {"%", "\\%", "percent"}) {
      if (!starts_with(at, sign)) continue;
      const size_t end = at + sign.size();
      if (sign == "percent" && IsLetter(char_at(end))) return;  // "percentile"
      found.number.percent = true;
      found.end = end;
      return;
    }
  }

  // ---- What stands before a number ----
  void apply_sign(FoundNumber& found) const {
    const size_t currency = currency_begin(found.begin);
    if (has_sign_before(found.begin) || (currency != found.begin && has_sign_before(currency))) {
      found.number = Negate(found.number);
    }
  }
  size_t currency_begin(size_t at) const {
    size_t end = at;
    while (end > 0 && text_[end - 1] == ' ') --end;
    for (const std::string_view symbol : kCurrency) {
      if (!ends_with(end, symbol)) continue;
      const size_t begin = end - symbol.size();
      return begin > 0 && text_[begin - 1] == '\\' ? begin - 1 : begin;
    }
    return at;
  }
  bool has_sign_before(size_t at) const {
    for (const std::string_view minus : kMinus) {
      if (ends_with(at, minus)) return may_be_signed(at - minus.size());
    }
    // "= - 5"; elsewhere a minus and a space are a subtraction or a bullet.
    if (!ends_with(at, "- ")) return false;
    size_t before = at - 2;
    while (before > 0 && text_[before - 1] == ' ') --before;
    return ends_with(before, "=");
  }
  bool may_be_signed(size_t at) const {
    if (at == 0) return true;
    const char before = text_[at - 1];
    return !IsDigit(before) && !IsLetter(before) && before != ')' && before != ']' &&
           before != '}' && before != '%' && before != '-';
  }

  const std::string_view text_;
  bool skipped_ = false;
};

}  // namespace

std::vector<FoundNumber> FindNumbers(std::string_view text) { return Scanner(text).run(); }

}  // namespace restem
