// Reward `choice`: the option that the completion settles on.
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "reward/field.h"
#include "reward/pattern.h"
#include "reward/verifier.h"

namespace restem {
namespace {

bool IsUpper(char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); }
bool IsLower(char c) { return absl::ascii_islower(static_cast<unsigned char>(c)); }
bool IsCapital(std::string_view label) { return label.size() == 1 && IsUpper(label[0]); }

// The labels as alternatives, longest first, so that "AB" is not read as "A".
std::string Alternatives(std::vector<std::string> labels) {
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) {
    return a.size() > b.size();
  });
  std::string alternatives;
  for (const std::string& label : labels) {
    alternatives += fmt::format("{}{}", alternatives.empty() ? "" : "|", QuotePattern(label));
  }
  return alternatives;
}

// "answer is (B)", "Answer: B", "the correct option is B". The quantifiers are possessive: a model
// that writes nothing but spaces behind "answer" must not make the search backtrack.
std::string StatedPattern(const std::vector<std::string>& labels) {
  return fmt::format(R"((?xi)
      (?: \banswer\b (?: \s++ (?: is | would\s++be | should\s++be | must\s++be ) \b )?+
        | \b(?: option | choice ) \s++ (?: is | must\s++be ) \b )
      \s*+ [:=]?+ \s*+ (?: the\s++ )?+ (?: (?: option | choice | letter ) \s++ )?+
      (?: \\boxed | \\textbf | \\text | \\mathrm | [\s({{\["'*`$] )*+
      ({}) (?! [\p{{L}}\p{{N}}_] ))",
                     Alternatives(labels));
}

// A label by itself. Single capitals count as they are written only, and "A" and "I" not where they
// are English words ("A dog", "I think"); in parentheses, and for longer labels, the case is free.
std::string StandalonePattern(const std::vector<std::string>& labels) {
  std::vector<std::string> loose;
  std::vector<std::string> capitals;
  for (const std::string& label : labels) {
    if (label != "A" && label != "I") (IsCapital(label) ? capitals : loose).push_back(label);
  }
  std::string single = fmt::format("(?i:{})", loose.empty() ? "(?!)" : Alternatives(loose));
  if (!capitals.empty()) single.append("|").append(Alternatives(capitals));
  const auto has = [&](std::string_view label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  if (has("A")) single += R"(|A(?!\s++(?!(?:is|was|because|since|as|and|or|would|seems)\b)\p{Ll}))";
  if (has("I")) single += R"(|I(?!['’]|\s++\p{Ll}))";
  return fmt::format(R"((?x)
      [(\[] \s*+ ((?i:{})) \s*+ [)\]]
    | (?<! [\p{{L}}\p{{N}}_'’\-] ) (?<! \bnot\s ) (?<! n't\s )
      ({}) (?! [\p{{L}}\p{{N}}_\-] | ['’]\p{{L}} ))",
                     Alternatives(labels),
                     single);
}

class ChoiceVerifier : public Verifier {
 public:
  ChoiceVerifier(std::vector<std::string> labels, Pattern stated, Pattern standalone)
      : labels_(std::move(labels)),
        stated_(std::move(stated)),
        standalone_(std::move(standalone)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto answer = FieldText(problem, "answer");
    if (!answer) return {VerdictKind::kError, "", "the problem has no answer"};
    const auto gold = extract(Utf8Text(*answer));
    if (!gold.ok()) return {VerdictKind::kError, "", std::string(MessageOf(gold.status()))};
    if (gold->empty()) {
      return {VerdictKind::kError, "", fmt::format("the gold answer holds no label: {}", *answer)};
    }
    const auto label = extract(Utf8Text(completion));
    if (!label.ok()) return {VerdictKind::kError, "", std::string(MessageOf(label.status()))};
    if (label->empty()) return {VerdictKind::kWrong, "", "no label found"};
    if (*label == *gold) return {VerdictKind::kCorrect, *label, ""};
    return {VerdictKind::kWrong, *label, fmt::format("{} is not {}", *label, *gold)};
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{"answer"};
  }

 private:
  // The label stated last as the answer, else the last that stands by itself; empty if there is
  // none.
  absl::StatusOr<std::string> extract(const Utf8Text& text) const {
    RESTEM_ASSIGN_OR_RETURN(std::string label, last_label(stated_, text, /*stated=*/true));
    if (!label.empty()) return label;
    return last_label(standalone_, text, /*stated=*/false);
  }

  absl::StatusOr<std::string> last_label(const Pattern& pattern,
                                         const Utf8Text& text,
                                         bool stated) const {
    std::string last;
    for (size_t from = 0; from <= text.view().size();) {
      RESTEM_ASSIGN_OR_RETURN(const Match match, pattern.find(text, from));
      if (match.empty() || !match[0]) break;
      for (size_t i = 1; i < match.size(); ++i) {
        if (!match[i]) continue;
        if (!stated || !is_word(text.view(), *match[i])) last = canonical(text.view(), *match[i]);
        from = match[i]->end;
      }
    }
    return last;
  }

  // "answer: a long story" states no label.
  static bool is_word(std::string_view text, Span span) {
    return span.end - span.begin == 1 && IsLower(text[span.begin]) && span.end + 1 < text.size() &&
           text[span.end] == ' ' &&
           absl::ascii_isalpha(static_cast<unsigned char>(text[span.end + 1]));
  }

  std::string canonical(std::string_view text, Span span) const {
    const std::string_view found = text.substr(span.begin, span.end - span.begin);
    for (const std::string& label : labels_) {
      if (label == found) return label;
    }
    for (const std::string& label : labels_) {
      if (absl::EqualsIgnoreCase(ToAbsl(label), ToAbsl(found))) return label;
    }
    return std::string(found);
  }

  const std::vector<std::string> labels_;
  const Pattern stated_;
  const Pattern standalone_;
};

class ChoiceSpec : public VerifierSpec {
 public:
  ChoiceSpec() {
    for (char c = 'A'; c <= 'Z'; ++c) labels_.emplace_back(1, c);
  }
  void visit(config::Fields& f) override {
    f.texts(
        "labels",
        labels_,
        "names of the options; stated as the answer, or else the last one that stands by itself");
    f.require(!labels_.empty(), "labels", "names no option");
    f.require(std::find(labels_.begin(), labels_.end(), "") == labels_.end(),
              "labels",
              "a label is empty");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    RESTEM_ASSIGN_OR_RETURN(Pattern stated, Pattern::compile(StatedPattern(labels_)));
    RESTEM_ASSIGN_OR_RETURN(Pattern standalone, Pattern::compile(StandalonePattern(labels_)));
    return std::make_unique<ChoiceVerifier>(labels_, std::move(stated), std::move(standalone));
  }

 private:
  std::vector<std::string> labels_;
};

const VerifierRegistration kRegistration("choice",
                                         "The option that the completion names is the answer.",
                                         [] { return std::make_unique<ChoiceSpec>(); });

}  // namespace
}  // namespace restem
