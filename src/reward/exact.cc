// Reward `exact`: the completion is the answer.
#include <fmt/format.h>

#include <memory>

#include "reward/field.h"
#include "reward/unicode.h"
#include "reward/verifier.h"

namespace restem {
namespace {

// Case, runs of white space, quotes around it and punctuation at its end do not make an answer
// another one. Articles stay: "a" may be the answer.
std::string Normalized(std::string_view text) {
  std::string folded = FoldText(text);
  const auto is_one_of = [](char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
  };
  while (!folded.empty() && is_one_of(folded.back(), ".,;:!?\"'` ")) folded.pop_back();
  size_t begin = 0;
  while (begin < folded.size() && is_one_of(folded[begin], "\"'` ")) ++begin;
  return folded.substr(begin);
}

class ExactVerifier : public Verifier {
 public:
  explicit ExactVerifier(bool normalize) : normalize_(normalize) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto answer = FieldText(problem, "answer");
    if (!answer) return {VerdictKind::kError, "", "the problem has no answer"};
    const std::string gold = prepared(*answer);
    if (gold.empty())
      return {VerdictKind::kError, "", "nothing is left of the answer to compare with"};
    const std::string text = prepared(completion);
    if (text == gold) return {VerdictKind::kCorrect, text, ""};
    return {VerdictKind::kWrong, text, fmt::format("is not '{}'", gold)};
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{"answer"};
  }

 private:
  std::string prepared(std::string_view text) const {
    return normalize_ ? Normalized(text) : std::string(text);
  }
  const bool normalize_;
};

class ExactSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.boolean(
        "normalize",
        normalize_,
        "Ignore case, white space, quotes around and punctuation at the end; false: byte by byte.");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    return std::make_unique<ExactVerifier>(normalize_);
  }

 private:
  bool normalize_ = true;
};

const VerifierRegistration kRegistration("exact", "The whole completion is the answer.", [] {
  return std::make_unique<ExactSpec>();
});

}  // namespace
}  // namespace restem
