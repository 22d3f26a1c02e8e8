// Regular expressions (PCRE2) over text that nobody vouches for: UTF-8 or not, and with a limit on
// backtracking.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem {

struct Span {
  size_t begin = 0;
  size_t end = 0;
};

// A match: the whole of it, then its groups; a group that took no part is nullopt.
using Match = std::vector<std::optional<Span>>;

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
  absl::StatusOr<Match> find(std::string_view text, size_t from = 0) const;

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

// `text` as a pattern that matches exactly it.
std::string QuotePattern(std::string_view text);

}  // namespace restem
