// Where the answer is read from.
#include "reward/math/extract.h"

#include <gtest/gtest.h>

#include "reward/math/judge_boxed.h"

namespace restem {
namespace {

using testing::Reward;
using testing::VerdictOf;
using testing::WithAnswer;

struct ExtractCase {
  std::string_view text;
  std::string_view answer;  // empty: none
};
void PrintTo(const ExtractCase& c, std::ostream* out) { *out << c.text; }

class Extract : public ::testing::TestWithParam<ExtractCase> {};
TEST_P(Extract, FindsTheAnswer) {
  using math::Place;
  const auto found = math::ExtractAnswer(
      GetParam().text, {Place::kBoxed, Place::kHash, Place::kAnswerIs, Place::kLastExpression});
  EXPECT_EQ(found ? found->text : "", GetParam().answer);
}

INSTANTIATE_TEST_SUITE_P(
    Boxed,
    Extract,
    ::testing::Values(ExtractCase{"\\boxed{5}", "5"},
                      ExtractCase{"so $\\boxed{5}$.", "5"},
                      ExtractCase{"\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"},
                      ExtractCase{"\\boxed{1} then \\boxed{2}", "2"},
                      ExtractCase{"\\fbox{7}", "7"},
                      ExtractCase{"\\fbox{$7$}", "7"},
                      ExtractCase{"\\boxed{\\boxed{5}}", "5"},
                      ExtractCase{"\\boxed{\\fbox{5}+1}", "5+1"},
                      ExtractCase{"\\boxed 5", "5"},
                      ExtractCase{"\\boxed5$", "5"},
                      ExtractCase{"\\boxed{ \\boxed{4} and cut off", "4"},
                      ExtractCase{"\\boxed{\\boxed{1}+\\boxed{2}} \\boxed{\\frac{1}{", "1+2"},
                      ExtractCase{"\\boxed {5}", "5"},
                      ExtractCase{"\\boxed{\\{1,2\\}}", "\\{1,2\\}"},
                      ExtractCase{"\\boxed{\\text{(A)}}", "\\text{(A)}"},
                      ExtractCase{"\\boxed{5}. The answer is 6.", "5"},
                      ExtractCase{"\\boxed{5} and a cut off \\boxed{6", "5"},
                      ExtractCase{"\\boxedness 4", "\\boxedness 4"},
                      ExtractCase{"\\boxed{}", "\\boxed{}"}));

INSTANTIATE_TEST_SUITE_P(
    Marked,
    Extract,
    ::testing::Values(ExtractCase{"The answer is 5.", "5"},
                      ExtractCase{"The final answer is $\\frac12$.", "\\frac12"},
                      ExtractCase{"the answer is: 5", "5"},
                      ExtractCase{"Answer: 5", "5"},
                      ExtractCase{"**Answer:** 5", "5"},
                      ExtractCase{"The answer is **5**.", "5"},
                      ExtractCase{"The answer is 3.5. Indeed", "3.5"},
                      ExtractCase{"The answer is $18", "18"},
                      ExtractCase{"The answer is 5 because 2 + 3 = 5.", "5"},
                      ExtractCase{"The answer is 4. No, the answer is 5.", "5"},
                      ExtractCase{"So the answer is (B).", "(B)"},
                      ExtractCase{"So the answer is ] ] >.", "] ] >"},
                      ExtractCase{"I answered island.\n#### 18", "18"},
                      ExtractCase{"#### 1,234\nmore", "1,234"},
                      ExtractCase{"<answer> 18 </answer>", "18"},
                      ExtractCase{"#### $18", "18"},
                      ExtractCase{"#### 1\n#### 2", "2"}));

INSTANTIATE_TEST_SUITE_P(LastExpression,
                         Extract,
                         ::testing::Values(ExtractCase{"5", "5"},
                                           ExtractCase{"\\frac{1}{2}", "\\frac{1}{2}"},
                                           ExtractCase{"yes", "yes"},
                                           ExtractCase{"So we get $x = 5$ in the end.", "x = 5"},
                                           ExtractCase{"First $1$, then \\(2\\).", "2"},
                                           ExtractCase{"She has 5 apples and 3 pears.", "3"},
                                           ExtractCase{"Then x = 2√3.", "x = 2√3"},
                                           ExtractCase{"So, x = 10 meters.", "x = 10"},
                                           ExtractCase{"Total: $15 + $10 = **$25**",
                                                       "15 + $10 =   $25"},
                                           ExtractCase{"The argument is invalid.", "invalid"},
                                           ExtractCase{"", ""}));

// ---- Reported of other trainers ----
TEST(MathReward, OnlyTheCompletionIsRead) {
  const Problem problem = testing::MakeProblem(
      {{"question", "Put it as \\boxed{5}. What is 2 + 3? The answer is 5."}, {"answer", "5"}});
  EXPECT_EQ(VerdictOf(testing::MathReward().judge(problem, "I do not know.")), "wrong");
  EXPECT_EQ(VerdictOf(testing::MathReward().judge(problem, "")), "wrong");
  EXPECT_EQ(VerdictOf(testing::MathReward().judge(problem, "\\boxed{5}")), "correct");
}

TEST(MathReward, OrderOfPlacesIsConfigured) {
  const std::string text = "\\boxed{1}\nThe answer is 2.\n#### 3\nor 4";
  const auto extracted = [&](const std::vector<std::string>& places) {
    const auto reward = Reward({{"type", "math"}, {"extract", places}});
    return reward->judge(WithAnswer("9"), text).extracted;
  };
  EXPECT_EQ(extracted({"boxed", "hash"}), "1");
  EXPECT_EQ(extracted({"answer_is", "boxed"}), "2");
  EXPECT_EQ(extracted({"hash"}), "3");
  EXPECT_EQ(extracted({"last_expression"}), "4");
}

TEST(MathReward, RefusesUnknownPlaces) {
  EXPECT_FALSE(testing::RewardProblems({{"type", "math"}, {"extract", {"box"}}}).empty());
  EXPECT_FALSE(
      testing::RewardProblems({{"type", "math"}, {"extract", std::vector<std::string>{}}}).empty());
  EXPECT_TRUE(testing::RewardProblems({{"type", "math"}, {"extract", {"boxed"}}}).empty());
}

TEST(MathReward, BoxedOnlyAcceptsNothingElse) {
  const auto reward = Reward({{"type", "math"}, {"extract", {"boxed"}}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("5"), "The answer is 5")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("5"), "\\fbox{5}")), "correct");
}

TEST(MathReward, GoldAnswersOfEveryKind) {
  for (const char* gold :
       {"18", "work <<9*2=18>>\n#### 18", "Thus $\\boxed{18}$.", "$18$", "18.0"}) {
    const Judgement judgement = testing::JudgeBoxed(gold, "18");
    EXPECT_EQ(VerdictOf(judgement), "correct") << gold << ": " << judgement.reason;
    EXPECT_EQ(VerdictOf(testing::JudgeBoxed(gold, "19")), "wrong") << gold;
    const Problem problem = WithAnswer(gold);
    const std::string completion = testing::MathReward().gold_completion(problem);
    EXPECT_EQ(VerdictOf(testing::MathReward().judge(problem, completion)), "correct") << completion;
  }
  const Judgement judgement = testing::MathReward().judge(testing::MakeProblem({}), "\\boxed{5}");
  EXPECT_EQ(VerdictOf(judgement), "error");
}

TEST(MathReward, GoldWithoutMathematicsIsComparedAsText) {
  EXPECT_EQ(VerdictOf(testing::JudgeBoxed("\\weird{ 5 } & x", "\\weird{5}&x")), "correct");
  EXPECT_EQ(VerdictOf(testing::JudgeBoxed("\\weird{ 5 } & x", "5")), "wrong");
}

TEST(MathReward, SentencesBehindAMarker) {
  const auto judge = [](const char* text) {
    return VerdictOf(testing::MathReward().judge(WithAnswer("5"), text));
  };
  EXPECT_EQ(judge("The answer is that she has 5 apples left."), "correct");
  EXPECT_EQ(judge("The answer is 5 (five)."), "correct");
  EXPECT_EQ(judge("The answer is not 5."), "wrong");
  EXPECT_EQ(judge("The answer is 4 or 5."), "wrong");
  EXPECT_EQ(judge("The answer is 2 + 3 = 5."), "correct");
  EXPECT_EQ(judge("The answer is 5 - 2 = 3."), "wrong");
}

TEST(MathReward, ToleranceIsAskedFor) {
  const auto reward = Reward({{"type", "math"}, {"tolerance", 1e-2}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("\\pi"), "\\boxed{3.14}")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("\\pi"), "\\boxed{3.2}")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("\\frac13"), "\\boxed{0.33}")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("x"), "\\boxed{y}")), "wrong");
}

}  // namespace
}  // namespace restem
