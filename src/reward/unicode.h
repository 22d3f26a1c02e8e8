// Text comparison as readers see it rather than byte by byte.
#pragma once

#include <string>
#include <string_view>

namespace restem {

// The text with each invalid byte of UTF-8 replaced by U+FFFD.
std::string ToValidUtf8(std::string_view text);

// NFC, case folded, runs of white space as one space, none at the ends. Invalid UTF-8 becomes
// U+FFFD.
std::string FoldText(std::string_view text);

// Is `needle` in `text`? Both as FoldText gives them. `whole_word`: no letter, digit or underscore
// touches it.
bool ContainsFolded(std::string_view text, std::string_view needle, bool whole_word);

}  // namespace restem
