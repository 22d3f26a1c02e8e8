// Reward `contains`: the completion mentions what a field of the problem names.
#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include <memory>

#include "reward/field.h"
#include "reward/unicode.h"
#include "reward/verifier.h"

namespace restem {
namespace {

struct ContainsOptions {
  std::string field = "answer";
  bool whole_word = true;
  std::vector<std::string> ends_with;
};

class ContainsVerifier : public Verifier {
 public:
  explicit ContainsVerifier(ContainsOptions options) : options_(std::move(options)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const std::vector<std::string> wanted = wanted_texts(problem);
    if (wanted.empty()) {
      return {VerdictKind::kError,
              "",
              fmt::format("the problem has no text in field '{}'", options_.field)};
    }
    const std::string text = FoldText(completion);
    std::vector<std::string> present;
    Judgement judgement{VerdictKind::kCorrect, "", ""};
    for (const std::string& one : wanted) {
      if (ContainsFolded(text, FoldText(one), options_.whole_word)) {
        present.push_back(one);
      } else if (judgement.verdict == VerdictKind::kCorrect) {
        judgement.verdict = VerdictKind::kWrong;
        judgement.reason = fmt::format("'{}' is not in it", one);
      }
    }
    judgement.extracted = absl::StrJoin(present, ", ");
    if (judgement.verdict == VerdictKind::kCorrect && !ends_as_asked(completion)) {
      judgement.verdict = VerdictKind::kWrong;
      judgement.reason =
          fmt::format("it does not end with {}", absl::StrJoin(options_.ends_with, " or "));
    }
    return judgement;
  }

  std::string gold_completion(const Problem& problem) const override {
    const std::string words = absl::StrJoin(wanted_texts(problem), " ");
    if (words.empty() || options_.ends_with.empty()) return words;
    return words + options_.ends_with.front();
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{options_.field};
  }

 private:
  std::vector<std::string> wanted_texts(const Problem& problem) const {
    std::vector<std::string> wanted;
    const auto field = problem.fields.find(options_.field);
    if (field == problem.fields.end() || field->is_null()) return wanted;
    const nlohmann::json list = field->is_array() ? *field : nlohmann::json::array({*field});
    for (const nlohmann::json& value : list) {
      // Nothing but white space is in every completion.
      if (std::string text = TextOf(value); !FoldText(text).empty())
        wanted.push_back(std::move(text));
    }
    return wanted;
  }

  bool ends_as_asked(std::string_view completion) const {
    if (options_.ends_with.empty()) return true;
    const std::string_view text = ToStd(absl::StripTrailingAsciiWhitespace(ToAbsl(completion)));
    for (const std::string& end : options_.ends_with) {
      if (text.ends_with(end)) return true;
    }
    return false;
  }

  const ContainsOptions options_;
};

class ContainsSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.text("field",
           options_.field,
           "Problem field with the text, or the list of texts, that must all be there.");
    f.require(!options_.field.empty(), "field", "names no field");
    f.boolean("whole_word",
              options_.whole_word,
              "Whether 'cat' is not in 'cats'; false for languages that write no spaces.");
    f.texts("ends_with",
            options_.ends_with,
            "The completion must end with one of these, e.g. ['.', '!']; empty: anything.");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    return std::make_unique<ContainsVerifier>(options_);
  }

 private:
  ContainsOptions options_;
};

const VerifierRegistration kRegistration(
    "contains", "The completion contains the problem's text or texts, whatever the case.", [] {
      return std::make_unique<ContainsSpec>();
    });

}  // namespace
}  // namespace restem
