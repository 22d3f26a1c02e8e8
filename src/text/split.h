// Pieces of a text on their way to the model, and the ways of cutting them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"
#include "text/pattern.h"

namespace restem::text {

// Owns the strings that pieces point into, for the length of one encode().
class TextArena {
 public:
  std::string_view keep(std::string text) { return strings_.emplace_back(std::move(text)); }

 private:
  std::deque<std::string> strings_;
};

struct Piece {
  std::string_view text;
  int32_t token = -1;     // an added token found in the text; -1: text still to be encoded
  bool at_start = false;  // does it begin where the whole text begins?
};

// What becomes of the matches of a pattern that a text is split at.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

// `view` is the "behavior" member itself.
absl::StatusOr<SplitBehavior> ParseSplitBehavior(const JsonView& view);

// Replaces each piece that is no added token by the parts of it that `spans_of` and `behavior`
// make. Empty parts vanish.
void SplitPieces(std::vector<Piece>& pieces,
                 const std::function<std::vector<Span>(std::string_view)>& spans_of,
                 SplitBehavior behavior);

// The characters for which `matches` holds, each a match of its own, and what lies between.
std::vector<Span> CharacterSpans(std::string_view text,
                                 const std::function<bool(int32_t codepoint)>& matches);

// Turns matches into gaps and gaps into matches.
std::vector<Span> Inverted(std::vector<Span> spans);

}  // namespace restem::text
