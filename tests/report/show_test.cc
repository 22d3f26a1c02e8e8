#include "report/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/synthetic_run.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Show, ARowPerIteration) {
  const std::string dir = testing::TestDir() + "/run";
  testing::WriteSyntheticRun(dir, {.iterations = 2, .problems = 60});
  const auto report = LoadRunReport(dir);
  ASSERT_TRUE(report.ok()) << report.status();
  const std::string text = RenderShow(*report, Analyze(*report));
  for (const char* part : {"done: 2 of 2 iterations",
                           "svamp (60 problems)",
                           "mawps (30 problems)",
                           "base ",
                           "random control",
                           "iteration 2",
                           "95% interval",
                           "maj@64",
                           "25,600",
                           "25.9k"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(Show, ARunThatHasJustBegun) {
  RunReport report;
  report.name = "fresh";
  report.stage = "sample";
  report.iteration = 1;
  report.planned_iterations = 3;
  const std::string text = RenderShow(report, Analyze(report));
  EXPECT_THAT(text, HasSubstr("iteration 1 of 3, stage sample"));
  EXPECT_THAT(text, Not(HasSubstr("points")));
}

// A small result that can be worked out by hand: 2 of 4, then 3 of 4.
TEST(Headline, StatesTheGain) {
  RunReport report;
  report.sets = {"test"};
  for (const int64_t n : {0, 1}) {
    IterationReport iteration;
    iteration.iteration = n;
    SetResult& set = iteration.eval.emplace().sets["test"];
    set.problems = 4;
    set.pass_at_1 = n == 0 ? 0.5 : 0.75;
    for (int i = 0; i < 4; ++i) {
      ProblemOutcome outcome;
      outcome.id = std::to_string(i);
      outcome.greedy = i < 2 + n ? VerdictKind::kCorrect : VerdictKind::kWrong;
      set.outcomes.push_back(outcome);
    }
    report.iterations.push_back(std::move(iteration));
  }
  EXPECT_THAT(Headline(report, Analyze(report)),
              HasSubstr("On test, pass@1 went from 50.0% (base) to 75.0% after iteration 1: +25.0 "
                        "points (95% interval "
                        "0.0 to +75.0, 4 problems)."));
}

}  // namespace
}  // namespace restem
