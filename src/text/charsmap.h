// SentencePiece's compiled rules of normalization ("precompiled_charsmap"): strings and what to put
// in their place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace restem::text {

// The format (SentencePiece, src/normalizer.cc): the byte size of a double array as 32 bits, little
// end first; the array, of 32-bit units as Darts-clone builds them; the replacements, each ended by
// a zero byte. A string's value in the array is where its replacement begins.
class Charsmap {
 public:
  // InvalidInput without a file's name, for the caller to put before it.
  static absl::StatusOr<Charsmap> parse(std::string_view blob);

  struct Rule {
    size_t length = 0;  // bytes of the text that it replaces; 0: no rule
    std::string_view replacement;
  };
  Rule longest(std::string_view text) const;   // the longest that `text` begins with
  Rule shortest(std::string_view text) const;  // the shortest

  size_t longest_replacement() const { return longest_replacement_; }  // bytes

 private:
  Charsmap() = default;
  template <typename Found>
  void walk(std::string_view text, const Found& found) const;
  absl::Status check();

  std::vector<uint32_t> units_;
  std::string replacements_;
  size_t longest_replacement_ = 0;
};

}  // namespace restem::text
