#include "report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "report/synthetic_run.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;

class Compare : public ::testing::Test {
 protected:
  Compare() : run_(testing::TestDir() + "/run:x") {
    testing::WriteSyntheticRun(run_, {.iterations = 2, .problems = 60, .second_set = false});
  }
  const std::string run_;  // a colon in the path is not an iteration
};

TEST_F(Compare, ReferencesNameIterations) {
  EXPECT_THAT(LoadComparedSide(run_)->path, HasSubstr("iterations/02/eval.json"));
  EXPECT_THAT(LoadComparedSide(run_ + ":0")->path, HasSubstr("iterations/00/eval.json"));
  EXPECT_THAT(LoadComparedSide(run_ + ":1/control")->path,
              HasSubstr("iterations/01/control/eval.json"));
  EXPECT_THAT(LoadComparedSide(run_ + ":7").status().ToString(),
              HasSubstr("evaluated iterations: 0, 1, 2"));
  EXPECT_THAT(LoadComparedSide(run_ + "y").status().ToString(), HasSubstr("not a run directory"));
  std::filesystem::create_directories(run_ + "2/iterations/00");
  EXPECT_THAT(LoadComparedSide(run_ + "2").status().ToString(),
              HasSubstr("no iteration is evaluated yet"));
}

TEST_F(Compare, EachAgainstTheFirst) {
  const auto comparison = CompareSides({*LoadComparedSide(run_ + ":0"),
                                        *LoadComparedSide(run_ + ":1"),
                                        *LoadComparedSide(run_ + ":2")});
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  ASSERT_EQ(comparison->pairs.size(), 2U);
  EXPECT_EQ(comparison->pairs[1].b, run_ + ":2");
  const std::string text = RenderComparison(*comparison);
  for (const char* part : {"svamp (60 problems)",
                           "pass@1 greedy",
                           "pass@64",
                           "majority vote",
                           "gained",
                           "McNemar",
                           "<25%"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const auto json = ComparisonToJson(*comparison);
  const auto& set = json["pairs"][1]["sets"]["svamp"];
  EXPECT_EQ(set["problems"], 60);
  EXPECT_EQ(set["bins"].size(), 4U);
  EXPECT_NEAR(set["pass@1"]["difference"].get<double>(),
              (set["gained"].size() - static_cast<double>(set["lost"].size())) / 60.0,
              1e-12);
  EXPECT_LT(set["pass@1"]["interval95"][0], set["pass@1"]["difference"]);
}

TEST_F(Compare, NeedsTwoSidesWithTheSameProblems) {
  EXPECT_THAT(CompareSides({*LoadComparedSide(run_)}).status().ToString(),
              HasSubstr("at least two"));
  const std::string other = testing::TestDir() + "/smaller";
  testing::WriteSyntheticRun(other, {.iterations = 1, .problems = 58, .second_set = false});
  testing::WriteSyntheticRun(run_, {.iterations = 2, .problems = 60, .second_set = false});
  const auto comparison = CompareSides({*LoadComparedSide(run_), *LoadComparedSide(other)});
  EXPECT_THAT(comparison.status().ToString(),
              HasSubstr("the second lacks 2 problems: svamp:59, svamp:60"));
}

}  // namespace
}  // namespace restem
