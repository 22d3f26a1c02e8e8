// "did you mean …?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace restem::config {

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`; a character
// is edited once.
int EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word` if it is near enough to be meant, else empty.
std::string Nearest(std::string_view word, std::span<const std::string> candidates);

// "; did you mean `nearest`?", or nothing where there is none.
std::string Suggestion(std::string_view nearest);

}  // namespace restem::config
