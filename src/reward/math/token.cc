#include "reward/math/token.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <array>

#include "reward/math/latex_names.h"
#include "reward/math/unicode_math.h"

namespace restem::math {
namespace {

constexpr size_t kMaxTokens = 1500;
constexpr int kMaxTextDepth = 8;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

template <size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Tokenizer {
 public:
  bool run(std::string_view text, bool in_text, int depth) {
    if (depth > kMaxTextDepth) return false;
    for (size_t at = 0; at < text.size();) {
      if (tokens_.size() >= kMaxTokens) return false;
      const char c = text[at];
      if (IsSpace(c) || c == '~' || c == '$') {
        space_ = space_ || c != '$';
        ++at;
      } else if (IsDigit(c) || (c == '.' && at + 1 < text.size() && IsDigit(text[at + 1]))) {
        at = number(text, at, in_text);
      } else if (IsLetter(c)) {
        size_t end = at;
        while (end < text.size() && IsLetter(text[end])) ++end;
        push(Token::Type::kWord, text.substr(at, end - at), in_text, at);
        at = end;
      } else if (c == '\\') {
        if (!command(text, at, in_text, depth)) return false;
      } else if (static_cast<unsigned char>(c) >= 0x80 || absl::ascii_iscntrl(c)) {
        return false;
      } else {
        at = symbol(text, at, in_text);
      }
    }
    return true;
  }

  std::vector<Token> finish(size_t size) {
    push(Token::Type::kEnd, "", false, size);
    return std::move(tokens_);
  }

 private:
  void push(Token::Type type, std::string_view text, bool in_text, size_t begin) {
    tokens_.push_back({type, std::string(text), space_, in_text, begin});
    space_ = false;
  }

  size_t symbol(std::string_view text, size_t at, bool in_text) {
    const char c = text[at];
    const std::string_view rest = text.substr(at);
    for (const auto& [from, to] : {Alias{"**", "^"},
                                   {"<=", "le"},
                                   {">=", "ge"},
                                   {"!=", "ne"},
                                   {"==", "="},
                                   {"+-", "pm"},
                                   {"+/-", "pm"}}) {
      // "5!=120" states an equation, not an inequality.
      if (!rest.starts_with(from) || (from == "!=" && at > 0 && !IsSpace(text[at - 1]))) continue;
      push(to.size() == 2 ? Token::Type::kCommand : Token::Type::kSymbol, to, in_text, at);
      return at + from.size();
    }
    if (c == '{' || c == '(' || c == '[') {
      brackets_.push_back(c);
    } else if ((c == '}' || c == ')' || c == ']') && !brackets_.empty()) {
      brackets_.pop_back();
    }
    push(Token::Type::kSymbol, text.substr(at, 1), in_text, at);
    return at + 1;
  }

  bool command(std::string_view text, size_t& at, bool in_text, int depth) {
    const size_t begin = at + 1;
    size_t end = begin;
    while (end < text.size() && IsLetter(text[end])) ++end;
    if (end == begin) return control_symbol(text, at, in_text);
    std::string_view name = text.substr(begin, end - begin);
    at = end;
    for (const Alias& alias : kAliases) {
      if (name == alias.from) name = alias.to;
    }
    if (IsOneOf(name, kIgnored)) {
      // \left. and \right. draw nothing.
      const bool sized = name == "left" || name == "right";
      if (sized && at < text.size() && text[at] == '.') ++at;
      return true;
    }
    if (IsOneOf(name, kText)) return text_group(text, at, depth);
    const bool plain = !IsLetter(name[0]);
    if (plain && name[0] == '\\') track_brace(name);
    push(plain                           ? Token::Type::kSymbol
         : name == "and" || name == "or" ? Token::Type::kWord
                                         : Token::Type::kCommand,
         name,
         in_text,
         begin - 1);
    return true;
  }

  bool text_group(std::string_view text, size_t& at, int depth) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at == text.size()) return true;
    if (text[at] != '{') return true;  // \bf 5: the font of what follows
    int open = 0;
    for (size_t end = at; end < text.size(); ++end) {
      if (text[end] == '\\') {
        ++end;
      } else if (text[end] == '{') {
        ++open;
      } else if (text[end] == '}' && --open == 0) {
        const std::string_view inside = text.substr(at + 1, end - at - 1);
        at = end + 1;
        return run(inside, /*in_text=*/true, depth + 1);
      }
    }
    return false;
  }

  bool control_symbol(std::string_view text, size_t& at, bool in_text) {
    if (at + 1 >= text.size()) return false;
    const char c = text[at + 1];
    const size_t begin = at;
    at += 2;
    switch (c) {
      case '{':
      case '}':
        track_brace(text.substr(begin, 2));
        [[fallthrough]];
      case '\\':
        push(Token::Type::kSymbol, text.substr(begin, 2), in_text, begin);
        return true;
      case '%':
        push(Token::Type::kSymbol, "%", in_text, begin);
        return true;
      case '|':
        push(Token::Type::kSymbol, "|", in_text, begin);
        return true;
      case '_':
      case '&':
      case '#':
        return false;
      default:
        // \, \; \: \! \  \$ \( \) \[ \]: spacing, currency and the borders of formulas.
        space_ = space_ || c != '!';
        return true;
    }
  }

  void track_brace(std::string_view brace) {
    if (brace == "\\{") {
      brackets_.push_back('s');
    } else if (!brackets_.empty()) {
      brackets_.pop_back();
    }
  }

  // Inside of brackets, and behind a comma that separates, "1,234" is two numbers.
  bool groups_by_comma() const {
    if (!brackets_.empty() && brackets_.back() != '{') return false;
    const size_t n = tokens_.size();
    return space_ || n < 2 || tokens_[n - 1].text != "," ||
           tokens_[n - 2].type != Token::Type::kNumber;
  }

  size_t number(std::string_view text, size_t at, bool in_text) {
    const size_t begin = at;
    std::string digits;
    at = grouped(text, at, digits);
    if (at + 1 < text.size() && text[at] == '.' && IsDigit(text[at + 1])) {
      digits += '.';
      for (++at; at < text.size() && IsDigit(text[at]); ++at) digits += text[at];
    } else if (text.substr(at).starts_with(".\\overline")) {
      digits += '.';
      ++at;
    } else if (at < text.size() && text[at] == '.' && text.substr(at, 2) != "..") {
      ++at;  // "5." is 5
    }
    push(Token::Type::kNumber, digits, in_text, begin);
    return at;
  }

  size_t grouped(std::string_view text, size_t at, std::string& digits) const {
    const auto digits_end = [&](size_t from) {
      while (from < text.size() && IsDigit(text[from])) ++from;
      return from;
    };
    size_t end = digits_end(at);
    digits = text.substr(at, end - at);
    if (end == at || end - at > 3 || text[at] == '0') return end;
    for (const std::string_view separator : {",\\!", "{,}", ",", "\\,", "\\ "}) {
      if (!text.substr(end).starts_with(separator)) continue;
      if (separator == "," && !groups_by_comma()) return end;
      std::string all = digits;
      size_t next = end;
      while (text.substr(next).starts_with(separator) &&
             digits_end(next + separator.size()) - next - separator.size() == 3) {
        all += text.substr(next + separator.size(), 3);
        next += separator.size() + 3;
      }
      // "1,234,56" is a list.
      const bool goes_on = separator == "," && next + 1 < text.size() && text[next] == ',' &&
                           IsDigit(text[next + 1]);
      if (next == end || goes_on) return end;
      digits = all;
      return next;
    }
    return end;
  }

  std::vector<Token> tokens_;
  std::vector<char> brackets_;  // those open, 's' for \{
  bool space_ = false;
};

}  // namespace

std::optional<std::vector<Token>> Tokenize(std::string_view text) {
  constexpr size_t kMaxBytes = 4000;
  if (text.size() > kMaxBytes) return std::nullopt;
  const std::string latex = UnicodeToLatex(text);
  Tokenizer tokenizer;
  if (!tokenizer.run(latex, /*in_text=*/false, 0)) return std::nullopt;
  return tokenizer.finish(latex.size());
}

}  // namespace restem::math
