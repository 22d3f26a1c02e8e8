#include "eval/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProblemOutcome Outcome(std::string id, bool greedy, int64_t correct, bool majority = false) {
  const auto verdict = [](bool is_correct) {
    return is_correct ? VerdictKind::kCorrect : VerdictKind::kWrong;
  };
  return {.id = std::move(id),
          .greedy = verdict(greedy),
          .samples = 8,
          .correct = correct,
          .majority = verdict(majority)};
}

SetResult Set(std::vector<ProblemOutcome> outcomes) {
  SetResult set;
  set.problems = static_cast<int64_t>(outcomes.size());
  set.pass_at_k = {{1, 0.0}, {4, 0.0}};
  set.maj_at_k = {{8, 0.0}};
  set.outcomes = std::move(outcomes);
  return set;
}

SetResult Base() {
  return Set({Outcome("a", true, 8, true),
              Outcome("b", true, 4),
              Outcome("c", false, 2),
              Outcome("d", false, 1)});
}
SetResult Trained() {
  return Set({Outcome("d", true, 5, true),
              Outcome("c", true, 8, true),
              Outcome("b", false, 4),
              Outcome("a", true, 8, true)});
}

TEST(CompareSets, GainedLostAndDifferences) {
  const auto comparison = CompareSets(Base(), Trained());
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  EXPECT_EQ(comparison->problems, 4);
  EXPECT_DOUBLE_EQ(comparison->greedy->a, 0.5);
  EXPECT_DOUBLE_EQ(comparison->greedy->difference(), 0.25);
  EXPECT_THAT(comparison->gained, ElementsAre("c", "d"));
  EXPECT_THAT(comparison->lost, ElementsAre("b"));
  EXPECT_DOUBLE_EQ(comparison->mcnemar_p, 1.0);
  EXPECT_DOUBLE_EQ(comparison->pass_at_k.at(1).a, 15.0 / 32.0);
  EXPECT_DOUBLE_EQ(comparison->pass_at_k.at(1).b, 25.0 / 32.0);
  EXPECT_EQ(comparison->pass_at_k.count(4), 1U);
  EXPECT_DOUBLE_EQ(comparison->majority->difference(), 0.5);
  EXPECT_LE(comparison->greedy->interval.low, 0.25);
  EXPECT_GE(comparison->greedy->interval.high, 0.25);
}

TEST(CompareSets, BinsByTheFirstSidesSuccessRate) {
  const auto comparison = CompareSets(Base(), Trained());
  ASSERT_TRUE(comparison.ok());
  ASSERT_EQ(comparison->bins.size(), 4U);
  for (const DifficultyBin& bin : comparison->bins) EXPECT_EQ(bin.problems, 1) << bin.label;
  EXPECT_EQ(comparison->bins[1].label, "50-75%");
  EXPECT_EQ(comparison->bins[1].a_correct, 1);
  EXPECT_EQ(comparison->bins[1].b_correct, 0);
  EXPECT_EQ(comparison->bins[3].b_correct, 1);
}

TEST(CompareSets, PairingIsTighterThanTwoSeparateIntervals) {
  // 200 problems; the second solves ten more than the first and everything the first solves.
  std::vector<ProblemOutcome> first;
  std::vector<ProblemOutcome> second;
  for (int i = 0; i < 200; ++i) {
    first.push_back(Outcome(std::to_string(i), i < 100, 0));
    second.push_back(Outcome(std::to_string(i), i < 110, 0));
  }
  const auto comparison = CompareSets(Set(first), Set(second));
  ASSERT_TRUE(comparison.ok());
  EXPECT_TRUE(comparison->greedy->interval.excludes_zero());  // unpaired: 0.05 ± 0.098
  EXPECT_LT(comparison->greedy->interval.high - comparison->greedy->interval.low, 0.07);
  EXPECT_NEAR(comparison->mcnemar_p, 2.0 / 1024.0, 1e-12);
}

TEST(CompareSets, DifferentProblemsAreAnErrorThatNamesThem) {
  SetResult other = Trained();
  other.outcomes[0].id = "e";
  const std::string message = CompareSets(Base(), other).status().ToString();
  EXPECT_THAT(message, HasSubstr("the second lacks 1 problem: d"));
  EXPECT_THAT(message, HasSubstr("the first lacks 1 problem: e"));
  other.outcomes[0].id = "a";
  EXPECT_THAT(CompareSets(Base(), other).status().ToString(),
              HasSubstr("second evaluation has problem a twice"));
  EXPECT_THAT(CompareSets({}, {}).status().ToString(), HasSubstr("no problem outcomes"));
}

TEST(CompareSets, LongListsOfMissingProblemsAreCut) {
  std::vector<ProblemOutcome> many;
  for (int i = 0; i < 40; ++i) many.push_back(Outcome(std::to_string(i), true, 0));
  EXPECT_THAT(CompareSets(Set(many), Base()).status().ToString(),
              HasSubstr("the second lacks 40 problems: 0, 1, 2, 3, 4, …"));
}

TEST(CompareSets, WithoutGreedyOrSamplesOnlyWhatIsThere) {
  SetResult base = Base();
  SetResult trained = Trained();
  for (auto& outcome : base.outcomes) outcome.greedy.reset();
  const auto drawn_only = CompareSets(base, trained);
  ASSERT_TRUE(drawn_only.ok());
  EXPECT_FALSE(drawn_only->greedy.has_value());
  EXPECT_TRUE(drawn_only->bins.empty());
  EXPECT_EQ(drawn_only->pass_at_k.size(), 2U);
  base = Base();
  for (SetResult* set : {&base, &trained}) {
    for (auto& outcome : set->outcomes) outcome.samples = outcome.correct = 0;
  }
  const auto greedy_only = CompareSets(base, trained);
  ASSERT_TRUE(greedy_only.ok());
  EXPECT_TRUE(greedy_only->pass_at_k.empty());
  EXPECT_TRUE(greedy_only->bins.empty());
}

TEST(CompareRecords, SetsInCommon) {
  EvalRecord a;
  EvalRecord b;
  a.sets["x"] = Base();
  a.sets["y"] = Base();
  b.sets["y"] = Trained();
  const auto comparisons = CompareRecords(a, b);
  ASSERT_TRUE(comparisons.ok());
  EXPECT_EQ(comparisons->size(), 1U);
  EXPECT_THAT(ToJson(comparisons->at("y")).dump(),
              HasSubstr(R"("pass@1":{"a":0.5,"b":0.75,"difference":0.25,"interval95":[)"));
  b.sets.erase("y");
  EXPECT_THAT(CompareRecords(a, b).status().ToString(),
              HasSubstr("the first has x, y, the second none"));
}

}  // namespace
}  // namespace restem
