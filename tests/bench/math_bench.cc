// Verdicts per second of the math reward, over the labelled pairs of its tests and over answers as
// most problems have them.
#include <benchmark/benchmark.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reward/make_verifier.h"

namespace {

using restem::Problem;
using restem::VerdictKind;

struct Case {
  Problem problem;
  std::string completion;
  bool correct = true;
};

Case MakeCase(const std::string& answer, std::string completion, bool correct) {
  return {Problem{"p", {{"answer", answer}}, "bench"}, std::move(completion), correct};
}

std::vector<Case> LabelledPairs() {
  std::vector<Case> cases;
  std::ifstream file(RESTEM_SOURCE_DIR "/tests/reward/math/labelled_pairs.jsonl");
  std::string line;
  while (std::getline(file, line)) {
    const auto pair = nlohmann::json::parse(line);
    cases.push_back(MakeCase(pair["answer"], pair["completion"], pair["correct"]));
  }
  return cases;
}

std::vector<Case> TypicalAnswers() {
  const std::string steps =
      "She sells 16 - 3 - 4 = 9 eggs a day.\nShe makes 9 * 2 = $18 every day at the market.\n";
  std::vector<Case> cases;
  for (const auto& [gold, answer, correct] : {std::tuple{"#### 18", "18", true},
                                              {"#### 1,250", "1250", true},
                                              {"#### 18", "17", false},
                                              {"\\frac{3}{4}", "0.75", true},
                                              {"\\frac{3}{4}", "\\dfrac{3}{4}", true},
                                              {"-2", "2", false},
                                              {"x^2+2x+1", "(x+1)^2", true},
                                              {"(1, 2)", "(1,2)", true},
                                              {"\\text{even}", "even", true}}) {
    cases.push_back(MakeCase(gold, steps + "So \\boxed{" + answer + "}.", correct));
  }
  return cases;
}

// Surds cost a proof each.
std::vector<Case> Surds() {
  return {MakeCase("2\\sqrt{2}", "\\boxed{\\sqrt{8}}", true),
          MakeCase("\\frac{\\sqrt{3}}{3}", "\\boxed{\\frac{1}{\\sqrt3}}", true),
          MakeCase("1+\\sqrt2", "\\boxed{\\sqrt{3+2\\sqrt2}}", true)};
}

void Judge(benchmark::State& state, std::vector<Case> (*make)()) {
  restem::RewardOptions options;
  options.type = "math";
  const auto verifier = restem::MakeVerifier(options);
  const std::vector<Case> cases = make();
  if (!verifier.ok() || cases.empty()) {
    state.SkipWithError("no verifier or no cases");
    return;
  }
  size_t agreed = 0;
  for (auto _ : state) {
    agreed = 0;
    for (const Case& c : cases) {
      const auto judgement = (*verifier)->judge(c.problem, c.completion);
      agreed += (judgement.verdict == VerdictKind::kCorrect) == c.correct ? 1 : 0;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(cases.size()));
  state.counters["agreement"] =
      benchmark::Counter(static_cast<double>(agreed) / static_cast<double>(cases.size()),
                         benchmark::Counter::kAvgThreads);
}

BENCHMARK_CAPTURE(Judge, labelled_pairs, LabelledPairs)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK_CAPTURE(Judge, typical, TypicalAnswers)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK_CAPTURE(Judge, surds, Surds)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
