// Reward `numeric`: the number that the completion states equals the gold answer's.
#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "reward/field.h"
#include "reward/number_scan.h"
#include "reward/verifier.h"

namespace restem {
namespace {

// Case does not matter: "So the answer is 5" has the marker "The answer is".
std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

// One past the sentence that `at` is in: "18. Check: 9 * 2 = 18" ends behind the first 18.
size_t SentenceEnd(std::string_view text, size_t at) {
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '\n') return i;
    const bool last = i + 1 == text.size();
    if (text[i] == '.' && (last || absl::ascii_isspace(static_cast<unsigned char>(text[i + 1]))))
      return i;
  }
  return text.size();
}

// The first number, or where its sentence is an equation ("9 * 2 = 18 eggs") the one behind the
// last equals sign.
const FoundNumber* StatedNumber(std::string_view text, const std::vector<FoundNumber>& numbers) {
  if (numbers.empty()) return nullptr;
  const FoundNumber* first = &numbers.front();
  const std::string_view sentence = text.substr(0, SentenceEnd(text, first->end));
  const size_t equals = sentence.rfind('=');
  if (equals == std::string_view::npos) return first;
  for (const FoundNumber& number : numbers) {
    if (number.begin > equals && number.begin < sentence.size()) return &number;
  }
  return first;
}

class NumericVerifier : public Verifier {
 public:
  NumericVerifier(std::vector<std::string> markers, double tolerance)
      : markers_(std::move(markers)), tolerance_(tolerance) {
    for (const std::string& marker : markers_) lower_markers_.push_back(Lower(marker));
  }

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto answer = FieldText(problem, "answer");
    if (!answer) return {VerdictKind::kError, "", "the problem has no answer"};
    const auto gold = extract(*answer);
    if (!gold)
      return {VerdictKind::kError, "", fmt::format("the gold answer holds no number: {}", *answer)};
    const auto number = extract(completion);
    if (!number) return {VerdictKind::kWrong, "", "no number found"};
    Judgement judgement{VerdictKind::kCorrect, ToString(*number), ""};
    if (!Equal(*number, *gold, tolerance_)) {
      judgement.verdict = VerdictKind::kWrong;
      judgement.reason = fmt::format("{} is not {}", judgement.extracted, ToString(*gold));
    }
    return judgement;
  }

  std::string gold_completion(const Problem& problem) const override {
    const std::string answer = FieldText(problem, "answer").value_or("");
    const bool bare = !answer.empty() && !markers_.empty() && !marker_end(answer);
    return bare ? fmt::format("{} {}", markers_.front(), answer) : answer;
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{"answer"};
  }

 private:
  // One past the marker that starts last: a model that corrects itself states its answer again.
  std::optional<size_t> marker_end(std::string_view text) const {
    const std::string lower = Lower(text);
    std::optional<size_t> begin;
    size_t end = 0;
    for (const std::string& marker : lower_markers_) {
      const size_t at = lower.rfind(marker);
      if (at == std::string::npos || (begin && at < *begin)) continue;
      begin = at;
      end = at + marker.size();
    }
    return begin ? std::optional(end) : std::nullopt;
  }

  // Behind the last marker the number stated there; without a marker the last number.
  std::optional<Number> extract(std::string_view text) const {
    const auto end = marker_end(text);
    if (end) text.remove_prefix(*end);
    const std::vector<FoundNumber> numbers = FindNumbers(text);
    if (numbers.empty()) return std::nullopt;
    return end ? StatedNumber(text, numbers)->number : numbers.back().number;
  }

  const std::vector<std::string> markers_;
  std::vector<std::string> lower_markers_;
  const double tolerance_;
};

class NumericSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.texts("markers",
            markers_,
            "What the answer follows, whatever the case; the last one counts. Where none is there, "
            "the last number is the answer.");
    f.require(std::find(markers_.begin(), markers_.end(), "") == markers_.end(),
              "markers",
              "a marker is empty");
    f.real("tolerance",
           tolerance_,
           {.min = 0.0},
           "Largest difference; relative for an answer above 1 that is no whole number.");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    return std::make_unique<NumericVerifier>(markers_, tolerance_);
  }

 private:
  std::vector<std::string> markers_ = {"####", "The answer is"};
  double tolerance_ = 1e-6;
};

const VerifierRegistration kRegistration(
    "numeric", "The stated number, or else the last one, equals the answer.", [] {
      return std::make_unique<NumericSpec>();
    });

}  // namespace
}  // namespace restem
