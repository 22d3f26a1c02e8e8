// The final answer in a text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace restem::math {

enum class Place { kBoxed, kHash, kAnswerIs, kLastExpression };

std::optional<Place> PlaceOf(std::string_view name);
const std::vector<std::string>& PlaceNames();

struct Extracted {
  std::string text;
  Place place = Place::kBoxed;
};

// The first of `places` where the text has an answer; nullopt where none has one.
//   kBoxed           the last \boxed{…} or \fbox{…}; of nested ones the outermost
//   kHash            behind the last ####, up to the line's end
//   kAnswerIs        behind the last "the answer is", "answer:", up to the sentence's end;
//   <answer>…</answer> kLastExpression  the last formula or number; of a text without any the last
//   line
std::optional<Extracted> ExtractAnswer(std::string_view text, const std::vector<Place>& places);

}  // namespace restem::math
