// Reward `expression`: the completion is an arithmetic expression whose value is the answer.
#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include <memory>

#include "reward/arithmetic.h"
#include "reward/field.h"
#include "reward/number_scan.h"
#include "reward/verifier.h"

namespace restem {
namespace {

constexpr size_t kMaxLength = 10000;

// "n0 + n1 = 7" states a claim; what is judged is the expression, so only the left side counts.
std::string_view ExpressionOf(std::string_view completion) {
  const std::string_view left = completion.substr(0, completion.find('='));
  return ToStd(absl::StripAsciiWhitespace(ToAbsl(left)));
}

absl::StatusOr<Number> NumberOf(const nlohmann::json& value) { return Evaluate(TextOf(value), {}); }

// The gold answer: a number or an expression, else the last number of its text.
absl::StatusOr<Number> GoldNumber(const Problem& problem) {
  const auto answer = FieldText(problem, "answer");
  if (!answer) return InvalidInput("the problem has no answer");
  if (auto value = Evaluate(*answer, {}); value.ok()) return value;
  const auto numbers = FindNumbers(*answer);
  if (numbers.empty())
    return InvalidInput(fmt::format("the gold answer holds no number: {}", *answer));
  return numbers.back().number;
}

class ExpressionVerifier : public Verifier {
 public:
  ExpressionVerifier(std::string variables, double tolerance)
      : variables_(std::move(variables)), tolerance_(tolerance) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto gold = GoldNumber(problem);
    if (!gold.ok()) return error(gold.status());
    const auto variables = variables_of(problem);
    if (!variables.ok()) return error(variables.status());
    if (completion.size() > kMaxLength) {
      return {VerdictKind::kWrong, "", fmt::format("longer than {} bytes", kMaxLength)};
    }
    const auto value = Evaluate(ExpressionOf(completion), *variables);
    if (!value.ok()) return {VerdictKind::kWrong, "", std::string(MessageOf(value.status()))};
    if (Equal(*value, *gold, tolerance_)) return {VerdictKind::kCorrect, ToString(*value), ""};
    return {VerdictKind::kWrong,
            ToString(*value),
            fmt::format("its value {} is not {}", ToString(*value), ToString(*gold))};
  }

  std::string gold_completion(const Problem& problem) const override {
    const auto gold = GoldNumber(problem);
    return gold.ok() ? ToString(*gold) : "";
  }

  std::optional<std::vector<std::string>> reads() const override {
    return std::vector<std::string>{"answer", variables_};
  }

 private:
  static Judgement error(const absl::Status& status) {
    return {VerdictKind::kError, "", std::string(MessageOf(status))};
  }

  // A list [3, 5] or a text "3 5" binds n0, n1, …; an object binds its own names.
  absl::StatusOr<Variables> variables_of(const Problem& problem) const {
    Variables variables;
    if (variables_.empty()) return variables;
    const auto found = problem.fields.find(variables_);
    if (found == problem.fields.end()) {
      return InvalidInput(
          fmt::format("the problem has no field '{}' for the variables", variables_));
    }
    nlohmann::json list = *found;
    if (list.is_string()) {
      const std::string text = list.get<std::string>();
      list = nlohmann::json::array();
      for (const absl::string_view word :
           absl::StrSplit(text, absl::ByAnyChar(" \t\n,;"), absl::SkipEmpty())) {
        list.push_back(std::string(word));
      }
    }
    if (!list.is_structured()) {
      return InvalidInput(
          fmt::format("field '{}' is not a list, a text or a mapping of numbers", variables_));
    }
    size_t index = 0;
    for (const auto& [key, value] : list.items()) {
      auto number = NumberOf(value);
      if (!number.ok()) {
        return InvalidInput(
            fmt::format("field '{}' holds {}, which is no number", variables_, TextOf(value)));
      }
      variables[list.is_object() ? key : fmt::format("n{}", index)] = *number;
      ++index;
    }
    return variables;
  }

  const std::string variables_;
  const double tolerance_;
};

class ExpressionSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.text("variables",
           variables_,
           "Problem field with the numbers that n0, n1, … stand for (a list or a text), or a "
           "mapping of names to numbers; empty: none.");
    f.real("tolerance",
           tolerance_,
           {.min = 0.0},
           "Largest difference; relative for an answer above 1 that is no whole number.");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    return std::make_unique<ExpressionVerifier>(variables_, tolerance_);
  }

 private:
  std::string variables_;
  double tolerance_ = 1e-6;
};

const VerifierRegistration kRegistration(
    "expression", "The completion, up to an '=', is arithmetic whose value is the answer.", [] {
      return std::make_unique<ExpressionSpec>();
    });

}  // namespace
}  // namespace restem
