#include "reward/math/extract.h"

#include <absl/strings/ascii.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"
#include "reward/math/answer_text.h"
#include "reward/math/runs.h"

namespace restem::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// ---- \boxed ----

// What stands behind a command for a box; kNone where there is none at `at`.
size_t BehindBoxCommand(std::string_view text, size_t at) {
  for (const std::string_view command : {"\\boxed", "\\fbox", "\\framebox"}) {
    if (!text.substr(at).starts_with(command)) continue;
    size_t end = at + command.size();
    if (end < text.size() && IsLetter(text[end])) continue;
    while (end < text.size() && text[end] == ' ') ++end;
    return end;
  }
  return kNone;
}

struct Span {
  size_t begin = 0;
  size_t end = 0;
};

// The contents of the closed boxes that are in no other closed box, in one pass: an answer that is
// cut off is none, and text that only opens boxes takes no longer than any other.
std::vector<Span> OutermostBoxes(std::string_view text) {
  std::vector<Span> boxes;
  struct Open {
    size_t brace;
    bool box;
  };
  std::vector<Open> open;
  const auto close = [&](Span span) {
    while (!boxes.empty() && boxes.back().begin > span.begin) boxes.pop_back();
    boxes.push_back(span);
  };
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '{') {
      open.push_back({at, false});
    } else if (text[at] == '}' && !open.empty()) {
      if (open.back().box) close({open.back().brace + 1, at});
      open.pop_back();
    } else if (text[at] == '\\') {
      const size_t behind = BehindBoxCommand(text, at);
      if (behind == kNone || behind >= text.size()) {
        ++at;
      } else if (text[behind] == '{') {
        open.push_back({behind, true});
        at = behind;
      } else {
        // \boxed 5, \boxed\frac12: up to white space, or to another box
        size_t end = behind;
        while (end < text.size() && !IsSpace(text[end]) && text[end] != '$' &&
               BehindBoxCommand(text, end) == kNone)
          ++end;
        close({behind, end});
        at = behind - 1;
      }
    }
  }
  return boxes;
}

// The text without the boxes inside it: their contents stay.
std::string Unboxed(std::string_view text) {
  std::string out;
  std::vector<bool> braces;  // of those open, whether they are a box's
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t behind = text[at] == '\\' ? BehindBoxCommand(text, at) : kNone;
    if (behind != kNone) {
      const bool braced = behind < text.size() && text[behind] == '{';
      if (braced) braces.push_back(true);
      at = braced ? behind : behind - 1;
      continue;
    }
    if (text[at] == '\\' && at + 1 < text.size()) {
      out += text[at++];
    } else if (text[at] == '{') {
      braces.push_back(false);
    } else if (text[at] == '}' && !braces.empty()) {
      const bool box = braces.back();
      braces.pop_back();
      if (box) continue;
    }
    out += text[at];
  }
  return out;
}

std::optional<std::string> LastBoxed(std::string_view text) {
  const std::vector<Span> boxes = OutermostBoxes(text);
  if (boxes.empty()) return std::nullopt;
  const Span last = boxes.back();
  const std::string content = Unboxed(text.substr(last.begin, last.end - last.begin));
  const std::string_view trimmed = Trimmed(content);
  if (trimmed.empty()) return std::nullopt;
  return std::string(trimmed);
}

// ---- "the answer is" ----

bool EndsSentence(std::string_view text, size_t at) {
  if (text[at] == '\n') return true;
  if (text[at] != '.' && text[at] != '?') return false;
  return at + 1 == text.size() || IsSpace(text[at + 1]);
}

// What gives reasons does not belong to the answer.
bool StartsReason(std::string_view rest) {
  for (const std::string_view word : {" because ",
                                      " since ",
                                      " as ",
                                      " which ",
                                      " so ",
                                      " where ",
                                      " when ",
                                      " (since",
                                      " i.e."}) {
    if (rest.starts_with(word)) return true;
  }
  return false;
}

// A formula in $…$ or \(…\) at the beginning; the sentence otherwise.
std::string_view Stated(std::string_view text) {
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"$$", "$$"},
                                    {"\\(", "\\)"},
                                    {"\\[", "\\]"},
                                    {"$", "$"}}) {
    if (!text.starts_with(open)) continue;
    const size_t end = text.find(close, open.size());
    if (end == kNone || end == open.size()) break;
    const std::string_view inside = text.substr(open.size(), end - open.size());
    // "$5 and $6" is money.
    if (open == "$" && (inside.find('\n') != kNone || IsSpace(inside.back()))) break;
    return inside;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (EndsSentence(text, i) || StartsReason(text.substr(i))) return text.substr(0, i);
  }
  return text;
}

// One past the last marker such as "answer is"; kNone where there is none.
size_t LastMarkerEnd(const std::string& lower) {
  for (size_t at = lower.rfind("answer"); at != kNone;
       at = at == 0 ? kNone : lower.rfind("answer", at - 1)) {
    std::string_view rest = std::string_view(lower).substr(at + std::strlen("answer"));
    if (rest.starts_with("s")) rest.remove_prefix(1);
    while (rest.starts_with("*")) rest.remove_prefix(1);
    for (const std::string_view joint : {" is:",
                                         " is",
                                         ":",
                                         " are:",
                                         " are",
                                         " would be",
                                         " should be",
                                         " must be",
                                         " to the problem is",
                                         " to the question is",
                                         " to this problem is"}) {
      if (!rest.starts_with(joint)) continue;
      const size_t end = lower.size() - rest.size() + joint.size();
      const bool whole = end == lower.size() || !IsLetter(lower[end]) || !IsLetter(joint.back());
      if (whole) return end;
    }
  }
  return kNone;
}

// <answer>…</answer>
std::optional<std::string> InsideTag(std::string_view text) {
  constexpr std::string_view kOpen = "<answer>";
  const size_t open = text.rfind(kOpen);
  const size_t close = open == kNone ? kNone : text.find("</answer>", open);
  if (close == kNone) return std::nullopt;
  const std::string_view inside =
      Trimmed(text.substr(open + kOpen.size(), close - open - kOpen.size()));
  return inside.empty() ? std::nullopt : std::optional(std::string(inside));
}

std::optional<std::string> BehindMarker(std::string_view text) {
  if (auto inside = InsideTag(text)) return inside;
  const size_t end = LastMarkerEnd(absl::AsciiStrToLower(ToAbsl(text)));
  if (end == kNone) return std::nullopt;
  text.remove_prefix(end);
  const auto skipped = [](char c) { return IsSpace(c) || c == ':' || c == '*' || c == '_'; };
  while (!text.empty() && skipped(text.front())) text.remove_prefix(1);
  const std::string_view trimmed = Trimmed(Stated(text));
  if (trimmed.empty()) return std::nullopt;
  return std::string(trimmed);
}

// ---- #### ----
std::optional<std::string> BehindHash(std::string_view text) {
  const size_t at = text.rfind("####");
  if (at == kNone) return std::nullopt;
  text.remove_prefix(at + std::strlen("####"));
  text = ToStd(absl::StripLeadingAsciiWhitespace(ToAbsl(text)));
  const std::string_view line = Trimmed(text.substr(0, text.find('\n')));
  if (line.empty()) return std::nullopt;
  return std::string(line);
}

std::optional<std::string> At(Place place, std::string_view text) {
  switch (place) {
    case Place::kBoxed:
      return LastBoxed(text);
    case Place::kAnswerIs:
      return BehindMarker(text);
    case Place::kHash:
      return BehindHash(text);
    case Place::kLastExpression:
      return LastExpression(text);
  }
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& PlaceNames() {
  static const std::vector<std::string> names = {"boxed", "hash", "answer_is", "last_expression"};
  return names;
}

std::optional<Place> PlaceOf(std::string_view name) {
  for (size_t i = 0; i < PlaceNames().size(); ++i) {
    if (PlaceNames()[i] == name) return static_cast<Place>(i);
  }
  return std::nullopt;
}

std::optional<Extracted> ExtractAnswer(std::string_view text, const std::vector<Place>& places) {
  for (const Place place : places) {
    if (auto found = At(place, text)) return Extracted{*std::move(found), place};
  }
  return std::nullopt;
}

}  // namespace restem::math
