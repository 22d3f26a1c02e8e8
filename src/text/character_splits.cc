#include "text/character_splits.h"

#include <fmt/format.h>
#include <unicode/uscript.h>

#include <functional>
#include <utility>

#include "text/unicode.h"

namespace restem::text {
namespace {

using PreTokenizerPtr = std::shared_ptr<const PreTokenizer>;
using SpansOf = std::function<std::vector<Span>(std::string_view)>;

class SpanSplit : public PreTokenizer {
 public:
  SpanSplit(SpansOf spans_of, SplitBehavior behavior)
      : spans_of_(std::move(spans_of)), behavior_(behavior) {}
  void apply(std::vector<Piece>& pieces, TextArena&) const override {
    SplitPieces(pieces, spans_of_, behavior_);
  }

 private:
  SpansOf spans_of_;
  SplitBehavior behavior_;
};

template <typename Matches>
PreTokenizerPtr AtCharacters(Matches matches, SplitBehavior behavior) {
  return std::make_shared<SpanSplit>(
      [matches](std::string_view text) { return CharacterSpans(text, matches); }, behavior);
}

class BertSplit : public PreTokenizer {
 public:
  void apply(std::vector<Piece>& pieces, TextArena& arena) const override {
    words_->apply(pieces, arena);
    punctuation_->apply(pieces, arena);
  }

 private:
  PreTokenizerPtr words_ = AtCharacters(IsWhitespace, SplitBehavior::kRemoved);
  PreTokenizerPtr punctuation_ = AtCharacters(IsPunctuation, SplitBehavior::kIsolated);
};

std::vector<Span> SpansOfLength(std::string_view text, size_t characters) {
  std::vector<Span> spans;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    for (size_t i = 0; i < characters && at < text.size(); ++i) NextCodepoint(text, &at);
    spans.push_back({begin, at, true});
  }
  return spans;
}

// As SentencePiece's trainer sees scripts: Japanese is one; a space and what has no script go with
// what stands before.
int32_t ScriptOf(int32_t codepoint) {
  if (codepoint == 0x30FC) return USCRIPT_HAN;
  if (codepoint == ' ') return USCRIPT_UNKNOWN;
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(codepoint, &error);
  return script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ? USCRIPT_HAN : script;
}

// What stands before the first character with a script vanishes, as in the `tokenizers` library.
std::vector<Span> SpansOfScripts(std::string_view text) {
  std::vector<Span> spans;
  int32_t last = USCRIPT_UNKNOWN;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const int32_t script = ScriptOf(NextCodepoint(text, &at));
    if (script != USCRIPT_UNKNOWN && script != last) {
      spans.push_back({begin, at, true});
      last = script;
    }
    if (!spans.empty()) spans.back().end = at;
  }
  return spans;
}

absl::StatusOr<PreTokenizerPtr> ParsePunctuation(const JsonView& view) {
  SplitBehavior behavior = SplitBehavior::kIsolated;
  if (view.has("behavior")) {
    RESTEM_ASSIGN_OR_RETURN(const JsonView behavior_view, view.member("behavior"));
    RESTEM_ASSIGN_OR_RETURN(behavior, ParseSplitBehavior(behavior_view));
  }
  return AtCharacters(IsPunctuation, behavior);
}

absl::StatusOr<PreTokenizerPtr> ParseDelimiter(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const std::string delimiter, view.string_at("delimiter"));
  if (CountCodepoints(delimiter) != 1) return view.error("\"delimiter\" must be one character");
  size_t at = 0;
  const int32_t wanted = NextCodepoint(delimiter, &at);
  return AtCharacters([wanted](int32_t codepoint) { return codepoint == wanted; },
                      SplitBehavior::kRemoved);
}

absl::StatusOr<PreTokenizerPtr> ParseFixedLength(const JsonView& view) {
  int64_t length = 5;
  if (view.has("length")) {
    RESTEM_ASSIGN_OR_RETURN(length, view.integer_at("length"));
  }
  if (length < 1) return view.error(fmt::format("\"length\" is {}: at least 1", length));
  const auto characters = static_cast<size_t>(length);
  return std::make_shared<SpanSplit>(
      [characters](std::string_view text) { return SpansOfLength(text, characters); },
      SplitBehavior::kIsolated);
}

}  // namespace

absl::StatusOr<PreTokenizerPtr> ParseCharacterSplit(const JsonView& view, std::string_view type) {
  if (type == "Digits") {
    RESTEM_ASSIGN_OR_RETURN(const bool individual, view.boolean_at("individual_digits"));
    return AtCharacters(IsNumeric,
                        individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
  }
  if (type == "Punctuation") return ParsePunctuation(view);
  if (type == "WhitespaceSplit") return AtCharacters(IsWhitespace, SplitBehavior::kRemoved);
  if (type == "BertPreTokenizer") return std::make_shared<BertSplit>();
  if (type == "CharDelimiterSplit") return ParseDelimiter(view);
  if (type == "FixedLength") return ParseFixedLength(view);
  if (type == "UnicodeScripts") {
    return std::make_shared<SpanSplit>(SpansOfScripts, SplitBehavior::kIsolated);
  }
  return nullptr;
}

}  // namespace restem::text
