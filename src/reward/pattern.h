// Regular expressions (PCRE2) over text that nobody vouches for, with a limit on backtracking.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "reward/unicode.h"

namespace restem {

struct Span {
  size_t begin = 0;
  size_t end = 0;
};

// A match: the whole of it, then its groups; a group that took no part is nullopt.
using Match = std::vector<std::optional<Span>>;

// Text that is known to be UTF-8: checked once, not by every search in it.
class Utf8Text {
 public:
  explicit Utf8Text(std::string_view text) : text_(ToValidUtf8(text)) {}
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// Thread-safe.
class Pattern {
 public:
  // InvalidInput with PCRE2's message and the offset.
  static absl::StatusOr<Pattern> compile(std::string_view pattern);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // The first match at or after `from`; empty if there is none. Failed where a limit of PCRE2 was
  // met.
  absl::StatusOr<Match> find(const Utf8Text& text, size_t from = 0) const;

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

// `text` as a pattern that matches exactly it.
std::string QuotePattern(std::string_view text);

}  // namespace restem
