// Reward `regex`: the completion matches a pattern, into which fields of the problem may be put.
#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "reward/field.h"
#include "reward/pattern.h"
#include "reward/verifier.h"

namespace restem {
namespace {

// A piece of the pattern: text as it is, or the name of a field whose text is put in, quoted.
struct Piece {
  std::string text;
  bool is_field = false;
};

bool IsNameChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// One past the "}" of a "{field}" at `at`; nullopt where the brace is a quantifier such as {2,3}.
std::optional<size_t> FieldEnd(std::string_view pattern, size_t at) {
  size_t end = at + 1;
  if (end >= pattern.size() || absl::ascii_isdigit(static_cast<unsigned char>(pattern[end])))
    return std::nullopt;
  while (end < pattern.size() && IsNameChar(pattern[end])) ++end;
  if (end == at + 1 || end >= pattern.size() || pattern[end] != '}') return std::nullopt;
  return end + 1;
}

std::vector<Piece> SplitPattern(std::string_view pattern) {
  std::vector<Piece> pieces(1);
  for (size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) {
      // \p{L}, \x{41}, \k{name}: the brace belongs to the escape.
      const size_t brace = at + 2;
      const bool letter = absl::ascii_isalpha(static_cast<unsigned char>(pattern[at + 1]));
      size_t end = brace;
      if (letter && brace < pattern.size() && pattern[brace] == '{') {
        const size_t close = pattern.find('}', brace);
        end = close == std::string_view::npos ? pattern.size() : close + 1;
      }
      pieces.back().text += pattern.substr(at, end - at);
      at = end;
    } else if (const auto end = pattern[at] == '{' ? FieldEnd(pattern, at) : std::nullopt) {
      pieces.push_back({std::string(pattern.substr(at + 1, *end - at - 2)), /*is_field=*/true});
      pieces.emplace_back();
      at = *end;
    } else {
      pieces.back().text += pattern[at++];
    }
  }
  return pieces;
}

class RegexVerifier : public Verifier {
 public:
  // `constant`: the compiled pattern where no field is in it.
  RegexVerifier(std::vector<Piece> pieces, std::optional<Pattern> constant)
      : pieces_(std::move(pieces)), constant_(std::move(constant)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    if (constant_) return judge_with(*constant_, Utf8Text(completion));
    std::string text;
    for (const Piece& piece : pieces_) {
      if (!piece.is_field) {
        text += piece.text;
        continue;
      }
      const auto field = FieldText(problem, piece.text);
      if (!field) {
        return {VerdictKind::kError,
                "",
                fmt::format("the problem has no field '{}' for the pattern", piece.text)};
      }
      text += QuotePattern(*field);
    }
    const auto pattern = Pattern::compile(text);
    if (!pattern.ok()) return {VerdictKind::kError, "", std::string(MessageOf(pattern.status()))};
    return judge_with(*pattern, Utf8Text(completion));
  }

  std::optional<std::vector<std::string>> reads() const override {
    std::vector<std::string> fields;
    for (const Piece& piece : pieces_) {
      if (piece.is_field) fields.push_back(piece.text);
    }
    return fields;
  }

  // What a pattern accepts cannot be told from the problem.
  std::string gold_completion(const Problem& /*problem*/) const override { return ""; }

 private:
  static Judgement judge_with(const Pattern& pattern, const Utf8Text& completion) {
    const auto match = pattern.find(completion);
    if (!match.ok()) return {VerdictKind::kError, "", std::string(MessageOf(match.status()))};
    if (match->empty()) return {VerdictKind::kWrong, "", "the pattern does not match"};
    const std::optional<Span> group = match->size() > 1 && (*match)[1] ? (*match)[1] : (*match)[0];
    const std::string_view extracted =
        group ? completion.view().substr(group->begin, group->end - group->begin) : "";
    return {VerdictKind::kCorrect, std::string(extracted), ""};
  }

  const std::vector<Piece> pieces_;
  const std::optional<Pattern> constant_;
};

class RegexSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.text("pattern",
           pattern_,
           "PCRE2 pattern to be found in the completion; {field} stands for that field of the "
           "problem, quoted.");
    f.require(!pattern_.empty(), "pattern", "is needed");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    std::vector<Piece> pieces = SplitPattern(pattern_);
    // With "x" for each field, so that a broken pattern is refused before the first sample.
    std::string sample;
    for (const Piece& piece : pieces) sample += piece.is_field ? "x" : piece.text;
    auto compiled = Pattern::compile(sample);
    if (!compiled.ok()) return compiled.status();
    std::optional<Pattern> constant;
    if (pieces.size() == 1) constant = *std::move(compiled);
    return std::make_unique<RegexVerifier>(std::move(pieces), std::move(constant));
  }

 private:
  std::string pattern_;
};

const VerifierRegistration kRegistration("regex", "A pattern is found in the completion.", [] {
  return std::make_unique<RegexSpec>();
});

}  // namespace
}  // namespace restem
