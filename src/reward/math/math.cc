// Reward `math`: the final answer equals the gold answer as mathematics.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "reward/field.h"
#include "reward/math/answer_text.h"
#include "reward/math/compare.h"
#include "reward/math/extract.h"
#include "reward/math/flint_failure.h"
#include "reward/math/parse.h"
#include "reward/math/runs.h"
#include "reward/unicode.h"
#include "reward/verifier.h"

namespace restem {
namespace {

using math::Extracted;
using math::Place;
using math::Sameness;

constexpr size_t kMaxReason = 200;

std::string Short(std::string text) {
  if (text.size() > kMaxReason) text = text.substr(0, kMaxReason) + "…";
  return ToValidUtf8(text);
}

class MathVerifier : public Verifier {
 public:
  MathVerifier(std::vector<Place> places, double tolerance, double timeout_seconds)
      : places_(std::move(places)), tolerance_(tolerance), timeout_seconds_(timeout_seconds) {
    math::ThrowWhereFlintAborts();
    // A bare gold answer is an answer as a whole.
    std::copy_if(places_.begin(), places_.end(), std::back_inserter(gold_places_), [](Place place) {
      return place != Place::kLastExpression;
    });
  }

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto answer = FieldText(problem, "answer");
    if (!answer) return {VerdictKind::kError, "", "the problem has no answer"};
    const std::string gold = gold_text(*answer);
    if (gold.empty()) return {VerdictKind::kError, "", "the gold answer is empty"};
    const auto extracted = math::ExtractAnswer(completion, places_);
    if (!extracted) return {VerdictKind::kWrong, "", "no answer found"};
    if (extracted->text == gold) return {VerdictKind::kCorrect, extracted->text, ""};
    std::string reason = difference(gold, *extracted);
    const VerdictKind verdict = reason.empty() ? VerdictKind::kCorrect : VerdictKind::kWrong;
    return {verdict, extracted->text, std::move(reason)};
  }

  std::string gold_completion(const Problem& problem) const override {
    const std::string answer = FieldText(problem, "answer").value_or("");
    if (answer.empty() || gold_places_.empty()) return answer;
    if (math::ExtractAnswer(answer, gold_places_)) return answer;
    switch (gold_places_.front()) {
      case Place::kBoxed:
        return fmt::format("\\boxed{{{}}}", answer);
      case Place::kHash:
        return fmt::format("#### {}", answer);
      default:
        return fmt::format("The answer is {}", answer);
    }
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{"answer"};
  }

 private:
  std::string gold_text(const std::string& answer) const {
    if (auto marked = math::ExtractAnswer(answer, gold_places_)) return std::move(marked->text);
    return std::string(math::Trimmed(answer));
  }

  // Why the answer is not the gold one; empty where it is.
  std::string difference(const std::string& gold, const Extracted& answer) const {
    if (const auto choice = math::GoldChoice(gold)) {
      if (math::LeadingChoice(answer.text) == choice) return "";
    }
    auto gold_tree = math::Parse(gold);
    auto tree = math::Parse(answer.text);
    if (gold_tree && !tree && answer.place == Place::kAnswerIs) {
      tree = math::Parse(math::OnlyExpression(answer.text));
    }
    Sameness sameness = Sameness::kDifferent;
    if (gold_tree && tree) {
      math::Budget budget(timeout_seconds_);
      try {
        sameness = math::Compare(*gold_tree, *tree, tolerance_, budget);
      } catch (const math::FlintFailure&) {
        sameness = Sameness::kUndecided;
      }
      if (sameness == Sameness::kUndecided && budget.spent()) {
        return Short(fmt::format("not compared with {} within the limits", gold));
      }
    }
    if (sameness == Sameness::kSame) return "";
    if (!(gold_tree && tree) && math::TextKey(gold) == math::TextKey(answer.text)) return "";
    if (sameness == Sameness::kUndecided) {
      return Short(fmt::format("cannot be decided whether {} is {}", ToString(*tree), gold));
    }
    if (gold_tree && !tree)
      return Short(fmt::format("cannot be read as mathematics; is not {}", gold));
    return Short(fmt::format("{} is not {}", tree ? ToString(*tree) : answer.text, gold));
  }

  const std::vector<Place> places_;
  std::vector<Place> gold_places_;
  const double tolerance_;
  const double timeout_seconds_;
};

class MathSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.texts(
        "extract",
        extract_,
        "Where the final answer stands, by preference: boxed (the last \\boxed{…} or \\fbox{…}), "
        "hash (behind the last ####), answer_is (behind the last \"the answer is\"), "
        "last_expression (the last formula or number). Only the completion is read. A gold "
        "answer goes the same way; one without a mark is the answer as a whole.");
    f.require(!extract_.empty(), "extract", "names no place");
    f.require(std::all_of(extract_.begin(),
                          extract_.end(),
                          [](const std::string& name) { return math::PlaceOf(name).has_value(); }),
              "extract",
              "knows boxed, hash, answer_is and last_expression");
    f.real("tolerance",
           tolerance_,
           {.min = 0.0},
           "Largest difference of two constants, relative above 1. 0: answers are equal exactly or "
           "not at all, so 0.333 is not 1/3 and 3.14 is not π.");
    f.real("timeout_seconds",
           timeout_seconds_,
           {.min = 0.0, .open_min = true},
           "Limit of one verdict; an answer that cannot be compared within it is wrong.");
  }

  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    std::vector<Place> places;
    for (const std::string& name : extract_) {
      const auto place = math::PlaceOf(name);
      if (!place) return InvalidInput(fmt::format("extract: '{}' is unknown", name));
      places.push_back(*place);
    }
    return std::make_unique<MathVerifier>(std::move(places), tolerance_, timeout_seconds_);
  }

 private:
  std::vector<std::string> extract_ = math::PlaceNames();
  double tolerance_ = 0.0;
  double timeout_seconds_ = 1.0;
};

const VerifierRegistration kRegistration(
    "math", "The final answer equals the gold answer as mathematics: numbers, formulas, sets.", [] {
      return std::make_unique<MathSpec>();
    });

}  // namespace
}  // namespace restem
