// LaTeX and plain text as tokens: spacing, sizing, fonts and currency are gone, Unicode and LaTeX
// spellings of one thing are one token.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace restem::math {

struct Token {
  enum class Type {
    kNumber,   // digits with at most one point, thousands separators taken out
    kWord,     // a run of letters
    kCommand,  // "frac" of \frac (also \dfrac, …), "pi" of \pi and π
    kSymbol,   // one character, or "\{" and "\}"
    kEnd,
  };
  Type type = Type::kEnd;
  std::string text;
  bool space_before = false;
  bool in_text = false;  // inside \text{…}: letters are words there
  size_t begin = 0;      // where it starts in the text

  bool is(Type t, std::string_view what) const { return type == t && text == what; }
};

// The last token is kEnd. nullopt where the text is too long, nests \text too deep, or holds what
// no mathematics does.
std::optional<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace restem::math
