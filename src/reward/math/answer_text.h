// Answers as text: where they are no mathematics.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace restem::math {

// White space, $ and Markdown's stars around it and a full stop at its end do not belong to it.
std::string_view Trimmed(std::string_view text);

// What two texts have in common that say the same: case, spacing, fonts, quotes and the commas
// between words are gone.
std::string TextKey(std::string_view text);

// "(B)", "\textbf{(B)}", "B": the letter. nullopt for anything else.
std::optional<char> ChoiceOf(std::string_view text);
// The same of a gold answer, which may go on: "(B) 12".
std::optional<char> GoldChoice(std::string_view text);
// The letter that an answer to a question with choices begins with: "(B) 12", "B. 12", "option B".
std::optional<char> LeadingChoice(std::string_view text);

}  // namespace restem::math
