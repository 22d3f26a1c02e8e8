#include "text/split.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/unicode.h"

namespace restem::text {
namespace {

// The ranges to keep; `match` is of no meaning in the result. MergedWithPrevious joins a match to
// the gap before it, but not to another match: "a--b" gives "a-", "-", "b".
std::vector<Span> Merge(const std::vector<Span>& spans, SplitBehavior behavior) {
  std::vector<Span> merged;
  bool previous_match = false;
  const bool contiguous = behavior == SplitBehavior::kContiguous;
  for (const Span& span : spans) {
    const bool join = contiguous ? span.match == previous_match : span.match && !previous_match;
    if (join && !merged.empty()) {
      merged.back().begin = std::min(merged.back().begin, span.begin);
      merged.back().end = std::max(merged.back().end, span.end);
    } else {
      merged.push_back(span);
    }
    previous_match = span.match;
  }
  return merged;
}

std::vector<Span> Apply(std::vector<Span> spans, SplitBehavior behavior) {
  switch (behavior) {
    case SplitBehavior::kIsolated:
      return spans;
    case SplitBehavior::kRemoved: {
      std::erase_if(spans, [](const Span& span) { return span.match; });
      return spans;
    }
    case SplitBehavior::kMergedWithNext: {
      std::reverse(spans.begin(), spans.end());
      spans = Merge(spans, behavior);
      std::reverse(spans.begin(), spans.end());
      return spans;
    }
    case SplitBehavior::kMergedWithPrevious:
    case SplitBehavior::kContiguous:
      return Merge(spans, behavior);
  }
  return spans;
}

}  // namespace

absl::StatusOr<SplitBehavior> ParseSplitBehavior(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const std::string name, view.string());
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  return view.error(fmt::format(
      "\"{}\" is not Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", name));
}

void SplitPieces(std::vector<Piece>& pieces,
                 const std::function<std::vector<Span>(std::string_view)>& spans_of,
                 SplitBehavior behavior) {
  std::vector<Piece> parts;
  parts.reserve(pieces.size());
  for (const Piece& piece : pieces) {
    if (piece.token >= 0) {
      parts.push_back(piece);
      continue;
    }
    for (const Span& span : Apply(spans_of(piece.text), behavior)) {
      if (span.begin == span.end) continue;
      parts.push_back({piece.text.substr(span.begin, span.end - span.begin),
                       -1,
                       piece.at_start && span.begin == 0});
    }
  }
  pieces = std::move(parts);
}

std::vector<Span> CharacterSpans(std::string_view text,
                                 const std::function<bool(int32_t codepoint)>& matches) {
  std::vector<Span> spans;
  size_t covered = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (!matches(NextCodepoint(text, &at))) continue;
    if (covered < begin) spans.push_back({covered, begin, false});
    spans.push_back({begin, at, true});
    covered = at;
  }
  if (covered < text.size()) spans.push_back({covered, text.size(), false});
  return spans;
}

std::vector<Span> Inverted(std::vector<Span> spans) {
  for (Span& span : spans) span.match = !span.match;
  return spans;
}

}  // namespace restem::text
