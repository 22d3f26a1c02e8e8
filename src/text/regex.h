// A compiled regular expression (PCRE2, just-in-time compiled, Unicode). Safe to use from several
// threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace restem::text {

class Regex {
 public:
  // `pattern` in Oniguruma's syntax; InvalidInput says what is wrong with it.
  static absl::StatusOr<std::shared_ptr<const Regex>> compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Byte ranges of all matches, left to right, none overlapping. `subject` is valid UTF-8. Steps
  // and memory are bounded: where an expression needs more, what is left of the subject has no
  // match, and the log says so.
  std::vector<std::pair<size_t, size_t>> find_all(std::string_view subject) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace restem::text
