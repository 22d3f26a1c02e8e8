#include "text/regex_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace restem::text {
namespace {

constexpr std::string_view kSpace =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
// Oniguruma takes Latin-1's superscripts and fractions for word characters, though not within a
// class.
constexpr std::string_view kWordOutsideClass =
    R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE})";
constexpr std::string_view kHexDigit = "0-9a-fA-F";

absl::Status Unsupported(std::string_view pattern, std::string_view what) {
  return InvalidInput(
      fmt::format("the regular expression {} uses {}, which is not supported", pattern, what));
}

class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  absl::StatusOr<std::string> run() {
    while (at_ < pattern_.size()) {
      RESTEM_RETURN_IF_ERROR(step());
    }
    if (depth_ > 0) {
      return InvalidInput(
          fmt::format("the regular expression {} has a class without its ]", pattern_));
    }
    return std::move(out_);
  }

 private:
  absl::Status step() {
    const char c = pattern_[at_];
    if (c == '\\') return escape();
    if (c == '[') return open_class();
    if (depth_ > 0 && c == ']') {
      --depth_;
      if (depth_ == 0) out_ += ']';
      ++at_;
      return absl::OkStatus();
    }
    if (depth_ > 0 && pattern_.substr(at_, 2) == "&&") {
      return Unsupported(pattern_, "&& in a class");
    }
    if (depth_ == 0 && pattern_.substr(at_, 2) == "(?") return group();
    if (depth_ == 0 && c == '{') return interval();
    out_ += c;
    ++at_;
    return absl::OkStatus();
  }

  absl::Status open_class() {
    if (depth_ > 0) {
      if (pattern_.substr(at_, 2) == "[:") return Unsupported(pattern_, "a POSIX class");
      if (pattern_.substr(at_, 2) == "[^") {
        return Unsupported(pattern_, "a negated class inside a class");
      }
    } else {
      out_ += '[';
    }
    ++depth_;
    ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == '^') out_ += pattern_[at_++];
    // A ] in first place is a literal to both libraries.
    if (at_ < pattern_.size() && pattern_[at_] == ']') {
      out_ += "\\]";
      ++at_;
    }
    return absl::OkStatus();
  }

  // Options: Oniguruma's (?m) lets . match a newline, which is PCRE2's (?s).
  absl::Status group() {
    out_ += "(?";
    at_ += 2;
    const size_t end = pattern_.find_first_not_of("imx-", at_);
    if (end == std::string_view::npos || (pattern_[end] != ':' && pattern_[end] != ')')) {
      return absl::OkStatus();
    }
    for (; at_ < end; ++at_) out_ += pattern_[at_] == 'm' ? 's' : pattern_[at_];
    return absl::OkStatus();
  }

  // {n,m} and what follows it, where the two libraries part: {,m}, {n}? and {n,m}+.
  absl::Status interval() {
    const size_t close = pattern_.find_first_not_of("0123456789,", at_ + 1);
    const bool closed = close != std::string_view::npos && pattern_[close] == '}';
    const std::string_view bounds = closed ? pattern_.substr(at_ + 1, close - at_ - 1) : "";
    if (bounds.empty() || bounds == ",") {
      out_ += "\\{";
      ++at_;
      return absl::OkStatus();
    }
    at_ = close + 1;
    const char next = at_ < pattern_.size() ? pattern_[at_] : '\0';
    if (next == '+') return Unsupported(pattern_, fmt::format("{{{}}}+", bounds));
    if (next == '?' && bounds.find(',') == std::string_view::npos) {
      return Unsupported(pattern_, fmt::format("{{{}}}?", bounds));
    }
    out_ += fmt::format("{{{}{}}}", bounds.front() == ',' ? "0" : "", bounds);
    return absl::OkStatus();
  }

  void members(std::string_view content, bool negated) {
    if (depth_ > 0) {
      out_ += content;
    } else {
      out_ += fmt::format("[{}{}]", negated ? "^" : "", content);
    }
  }

  absl::Status escape() {
    if (at_ + 1 >= pattern_.size()) return Unsupported(pattern_, "a \\ at its end");
    const char c = pattern_[at_ + 1];
    const bool in_class = depth_ > 0;
    at_ += 2;
    switch (c) {
      case 's':
        members(kSpace, false);
        return absl::OkStatus();
      case 'w':
        members(depth_ > 0 ? kWord : kWordOutsideClass, false);
        return absl::OkStatus();
      case 'h':
        members(kHexDigit, false);
        return absl::OkStatus();
      case 'S':
        members(kNotSpace, false);
        return absl::OkStatus();
      case 'W':
      case 'H':
        if (in_class) return Unsupported(pattern_, fmt::format("\\{} in a class", c));
        members(c == 'W' ? kWordOutsideClass : kHexDigit, true);
        return absl::OkStatus();
      case 'b':
      case 'B':
        return word_boundary(c);
      case 'u':
        return hex_escape();
      default:
        return shared_escape(c);
    }
  }

  // An escape that means the same to both libraries, or is refused.
  absl::Status shared_escape(char c) {
    static constexpr std::string_view kShared = "dDpPtnrfvaeAzZx0123456789";
    if (std::isalnum(static_cast<unsigned char>(c)) && kShared.find(c) == std::string_view::npos) {
      return Unsupported(pattern_, fmt::format("\\{}", c));
    }
    out_ += '\\';
    out_ += c == 'v' ? std::string("x{B}") : std::string(1, c);
    // The braces of \p{L} and \x{E9} are no interval.
    if ((c == 'p' || c == 'P' || c == 'x') && at_ < pattern_.size() && pattern_[at_] == '{') {
      const size_t end = std::min(pattern_.find('}', at_), pattern_.size() - 1) + 1;
      out_ += pattern_.substr(at_, end - at_);
      at_ = end;
    }
    return absl::OkStatus();
  }

  absl::Status word_boundary(char c) {
    if (depth_ > 0) {
      out_ += "\\x{8}";
      return absl::OkStatus();
    }
    const std::string inside = fmt::format("[{}]", kWordOutsideClass);
    out_ += c == 'b' ? fmt::format("(?:(?<={0})(?!{0})|(?<!{0})(?={0}))", inside)
                     : fmt::format("(?:(?<={0})(?={0})|(?<!{0})(?!{0}))", inside);
    return absl::OkStatus();
  }

  absl::Status hex_escape() {
    const std::string_view digits = pattern_.substr(at_, 4);
    if (digits.size() < 4) return Unsupported(pattern_, "\\u without four hex digits");
    out_ += fmt::format("\\x{{{}}}", digits);
    at_ += 4;
    return absl::OkStatus();
  }

  std::string_view pattern_;
  std::string out_;
  size_t at_ = 0;
  int depth_ = 0;  // of nested classes
};

}  // namespace

absl::StatusOr<std::string> OnigurumaToPcre2(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace restem::text
