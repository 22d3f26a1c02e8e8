#include <gtest/gtest.h>

#include "reward/json_fields.h"
#include "reward/number_scan.h"

namespace restem {
namespace {

using testing::Reward;
using testing::VerdictOf;
using testing::WithAnswer;

// ---- Numbers in text ----
std::string Numbers(std::string_view text) {
  std::string all;
  for (const FoundNumber& found : FindNumbers(text)) {
    if (!all.empty()) all += " ";
    all += ToString(found.number);
    EXPECT_LT(found.begin, found.end) << text;
    EXPECT_LE(found.end, text.size()) << text;
  }
  return all;
}

struct ScanCase {
  std::string_view text;
  std::string_view numbers;
};
void PrintTo(const ScanCase& c, std::ostream* out) { *out << c.text; }

class Scan : public ::testing::TestWithParam<ScanCase> {};
TEST_P(Scan, FindsNumbers) {
  EXPECT_EQ(Numbers(GetParam().text), GetParam().numbers) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Plain,
                         Scan,
                         ::testing::Values(ScanCase{"", ""},
                                           ScanCase{"none here", ""},
                                           ScanCase{"18", "18"},
                                           ScanCase{"0", "0"},
                                           ScanCase{"007", "7"},
                                           ScanCase{"18.", "18"},
                                           ScanCase{"It is 18. Then 19.", "18 19"},
                                           ScanCase{"18.0", "18"},
                                           ScanCase{"18.00", "18"},
                                           ScanCase{"3.14", "3.14"},
                                           ScanCase{"3.14.", "3.14"},
                                           ScanCase{".5", "0.5"},
                                           ScanCase{"(.5)", "0.5"},
                                           ScanCase{"is .25 of it", "0.25"},
                                           ScanCase{"done.5 apples", "5"},
                                           ScanCase{"0.1", "0.1"},
                                           ScanCase{"a, 1, b, 2", "1 2"},
                                           ScanCase{"1 2 3", "1 2 3"},
                                           ScanCase{"(7)", "7"},
                                           ScanCase{"[7]", "7"},
                                           ScanCase{"**7**", "7"},
                                           ScanCase{"\\boxed{18}", "18"},
                                           ScanCase{"\\fbox{18}", "18"},
                                           ScanCase{"$18$", "18"},
                                           ScanCase{"答案是18个", "18"},
                                           ScanCase{"<<16-3-4=9>>9", "16 3 4 9 9"},
                                           ScanCase{"1.2.3", ""},
                                           ScanCase{"version 1.2.3 has 4", "4"},
                                           ScanCase{"2020-01-15", "2020 1 15"},
                                           ScanCase{"3:30", "3 30"},
                                           ScanCase{"99999999999999999999", "1e+20"}));

INSTANTIATE_TEST_SUITE_P(Thousands,
                         Scan,
                         ::testing::Values(ScanCase{"1,234", "1234"},
                                           ScanCase{"1,234,567", "1234567"},
                                           ScanCase{"1,234.5", "1234.5"},
                                           ScanCase{"12,345 and 6", "12345 6"},
                                           ScanCase{"123,456", "123456"},
                                           ScanCase{"1,23", "1 23"},
                                           ScanCase{"1,2345", "1 2345"},
                                           ScanCase{"1234,567", "1234 567"},
                                           ScanCase{"0,123", "0 123"},
                                           ScanCase{"1,234,56", "1234 56"},
                                           ScanCase{"1, 234", "1 234"},
                                           ScanCase{"1,234,", "1234"},
                                           ScanCase{"1{,}234", "1234"},
                                           ScanCase{"1\\,234\\,567", "1234567"},
                                           ScanCase{"1,\\!234", "1234"},
                                           ScanCase{"1\u00a0234", "1234"},
                                           ScanCase{"1\u202f234\u202f567", "1234567"},
                                           ScanCase{"1 234", "1 234"},
                                           ScanCase{"$80,000", "80000"}));

INSTANTIATE_TEST_SUITE_P(Signs,
                         Scan,
                         ::testing::Values(ScanCase{"-3", "-3"},
                                           ScanCase{"+3", "3"},
                                           ScanCase{"is -3", "-3"},
                                           ScanCase{"16-3", "16 3"},
                                           ScanCase{"16 - 3", "16 3"},
                                           ScanCase{"16 -3", "16 -3"},
                                           ScanCase{"= -3", "-3"},
                                           ScanCase{"= - 3", "-3"},
                                           ScanCase{"- 3 apples", "3"},
                                           ScanCase{"(-3)", "-3"},
                                           ScanCase{"(2)-3", "2 3"},
                                           ScanCase{"x-3", "3"},
                                           ScanCase{"10-15", "10 15"},
                                           ScanCase{"10\u201315", "10 15"},
                                           ScanCase{"\u22125", "-5"},
                                           ScanCase{"is \u20135", "-5"},
                                           ScanCase{"<<5-8=-3>>-3", "5 8 -3 -3"},
                                           ScanCase{"-1,234.5", "-1234.5"},
                                           ScanCase{"-.5", "-0.5"},
                                           ScanCase{"50%-3", "50% 3"}));

INSTANTIATE_TEST_SUITE_P(Currency,
                         Scan,
                         ::testing::Values(ScanCase{"$18", "18"},
                                           ScanCase{"$ 18", "18"},
                                           ScanCase{"-$18", "-18"},
                                           ScanCase{"$-18", "-18"},
                                           ScanCase{"= -$18.50", "-18.5"},
                                           ScanCase{"\\$18", "18"},
                                           ScanCase{"-\\$18", "-18"},
                                           ScanCase{"US$18", "18"},
                                           ScanCase{"€18", "18"},
                                           ScanCase{"-€18", "-18"},
                                           ScanCase{"£1,000", "1000"},
                                           ScanCase{"USD500", "500"},
                                           ScanCase{"Rs500", "500"},
                                           ScanCase{"Rs.500", "500"},
                                           ScanCase{"18 dollars", "18"},
                                           ScanCase{"18¢", "18"}));

INSTANTIATE_TEST_SUITE_P(Fractions,
                         Scan,
                         ::testing::Values(ScanCase{"3/4", "0.75"},
                                           ScanCase{"1/3", "1/3"},
                                           ScanCase{"6/4", "1.5"},
                                           ScanCase{"4/2", "2"},
                                           ScanCase{"3 / 4", "0.75"},
                                           ScanCase{"-3/4", "-0.75"},
                                           ScanCase{"1.5/3", "0.5"},
                                           ScanCase{"1,000/4", "250"},
                                           ScanCase{"1 1/2", "1.5"},
                                           ScanCase{"-1 1/2", "-1.5"},
                                           ScanCase{"1 and 1/2", "1.5"},
                                           ScanCase{"2 3/4 cups", "2.75"},
                                           ScanCase{"5 9/4", "5 2.25"},
                                           ScanCase{"1.5 1/2", "1.5 0.5"},
                                           ScanCase{"½", "0.5"},
                                           ScanCase{"1½", "1.5"},
                                           ScanCase{"1 ½", "1.5"},
                                           ScanCase{"-2¾", "-2.75"},
                                           ScanCase{"\\frac{3}{4}", "0.75"},
                                           ScanCase{"\\dfrac{1}{3}", "1/3"},
                                           ScanCase{"-\\frac{3}{4}", "-0.75"},
                                           ScanCase{"1\\frac{1}{2}", "1.5"},
                                           ScanCase{"\\boxed{\\frac{3}{4}}", "0.75"},
                                           ScanCase{"\\frac{x}{4}", "4"},
                                           ScanCase{"12/25/2020", "12 25 2020"},
                                           ScanCase{"5/0", "nan"},
                                           ScanCase{"5/hour", "5"},
                                           ScanCase{"48/2 = 24", "24 24"}));

INSTANTIATE_TEST_SUITE_P(PercentAndUnits,
                         Scan,
                         ::testing::Values(ScanCase{"50%", "50%"},
                                           ScanCase{"50 %", "50%"},
                                           ScanCase{"50\\%", "50%"},
                                           ScanCase{"50 percent", "50%"},
                                           ScanCase{"the 50 percentile", "50"},
                                           ScanCase{"12.5%", "12.5%"},
                                           ScanCase{"-5%", "-5%"},
                                           ScanCase{"5kg", "5"},
                                           ScanCase{"5 kg", "5"},
                                           ScanCase{"3rd", "3"},
                                           ScanCase{"10am", "10"},
                                           ScanCase{"18 m^2", "18"},
                                           ScanCase{"18 m^{2}", "18"},
                                           ScanCase{"18 m^-2", "18"},
                                           ScanCase{"18 m2", "18"},
                                           ScanCase{"CO2", ""},
                                           ScanCase{"n0 + n1", ""},
                                           ScanCase{"x2.5 y", ""},
                                           ScanCase{"a_1", ""},
                                           ScanCase{"3x", "3"},
                                           ScanCase{"\\times5", "5"}));

INSTANTIATE_TEST_SUITE_P(Scientific,
                         Scan,
                         ::testing::Values(ScanCase{"1e5", "100000"},
                                           ScanCase{"2.5e-3", "0.0025"},
                                           ScanCase{"2.5E+3", "2500"},
                                           ScanCase{"5e", "5"},
                                           ScanCase{"5eggs", "5"},
                                           ScanCase{"1.5 × 10^4", "15000"},
                                           ScanCase{"1.5 \\times 10^{4}", "15000"},
                                           ScanCase{"1.5*10^4", "15000"},
                                           ScanCase{"1.5 x 10^-2", "0.015"},
                                           ScanCase{"10^5", "100000"},
                                           ScanCase{"10^{-2}", "0.01"},
                                           ScanCase{"2^3", "2"},
                                           ScanCase{"1e400", "inf"},
                                           ScanCase{"1e-400", "0"},
                                           ScanCase{"1e99999999999999999999", "inf"}));

// ---- Verdicts ----
struct Case {
  nlohmann::json answer;
  std::string text;
  std::string verdict;
  std::string extracted;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class Numeric : public ::testing::TestWithParam<Case> {};
TEST_P(Numeric, Judges) {
  const Case& c = GetParam();
  const auto reward = Reward({{"type", "numeric"}});
  const Judgement judgement = reward->judge(WithAnswer(c.answer), c.text);
  EXPECT_EQ(VerdictOf(judgement), c.verdict) << c.text << " | " << judgement.reason;
  EXPECT_EQ(judgement.extracted, c.extracted) << c.text;
  EXPECT_EQ(judgement.reason.empty(), c.verdict == "correct") << judgement.reason;
}

INSTANTIATE_TEST_SUITE_P(
    Markers,
    Numeric,
    ::testing::Values(
        Case{18, "She makes 9 * 2 = 18 dollars.\n#### 18", "correct", "18"},
        Case{18, "#### 18\n", "correct", "18"},
        Case{18, "####18", "correct", "18"},
        Case{18, "#### $18.00", "correct", "18"},
        Case{18, "#### 18 eggs a day for 7 days", "correct", "18"},
        Case{18, "The answer is 18.", "correct", "18"},
        Case{18, "So the answer is 18 eggs.", "correct", "18"},
        Case{18, "The answer is: $18", "correct", "18"},
        Case{18, "The answer is:\n18", "correct", "18"},
        Case{18, "The answer is **18**.", "correct", "18"},
        Case{18, "The answer is \\boxed{18}.", "correct", "18"},
        Case{18, "The answer is \\(18\\).", "correct", "18"},
        Case{18, "The answer is 9 * 2 = 18.", "correct", "18"},
        Case{18, "The answer is 9 * 2 = $18 each. Over 5 days it is 90.", "correct", "18"},
        Case{18, "The answer is 18. Check: 20 - 2 = 18 and 3 = 3", "correct", "18"},
        Case{18, "The answer is 5. No: the answer is 18.", "correct", "18"},
        Case{18, "#### 5\nThe answer is 18", "correct", "18"},
        Case{18, "#### 18\nIt took 3 steps.", "correct", "18"},
        Case{18, "The answer is 5.\n#### 18", "correct", "18"},
        Case{18, "#### 18\n\nQ: next?\nThe answer is 5", "wrong", "5"},
        Case{18, "9 * 2 = 18\n####", "wrong", ""},
        Case{18, "The answer is eighteen.", "wrong", ""}));

INSTANTIATE_TEST_SUITE_P(LastNumber,
                         Numeric,
                         ::testing::Values(Case{18, "16 - 3 + 5 = 18", "correct", "18"},
                                           Case{18, "She has 18 eggs left.", "correct", "18"},
                                           Case{18, "18 eggs over 2 days", "wrong", "2"},
                                           Case{18, "\\boxed{18}", "correct", "18"},
                                           Case{18, "\\fbox{18}", "correct", "18"},
                                           Case{18, "", "wrong", ""},
                                           Case{18, "no idea", "wrong", ""},
                                           Case{18, "-18", "wrong", "-18"},
                                           Case{-18, "it is -18", "correct", "-18"},
                                           Case{18, "180", "wrong", "180"},
                                           Case{18, "1.8", "wrong", "1.8"},
                                           Case{18, "1 8", "wrong", "8"}));

INSTANTIATE_TEST_SUITE_P(Gold,
                         Numeric,
                         ::testing::Values(Case{"Janet sells 16 - 3 - 4 = <<16-3-4=9>>9.\n#### 18",
                                                "18",
                                                "correct",
                                                "18"},
                                           Case{"Janet sells 9 at $2.\n#### 18", "9", "wrong", "9"},
                                           Case{"18", "18", "correct", "18"},
                                           Case{"18.0", "18", "correct", "18"},
                                           Case{18.0, "18", "correct", "18"},
                                           Case{"$1,234", "1234", "correct", "1234"},
                                           Case{"3/4", "0.75", "correct", "0.75"},
                                           Case{"0.75", "3/4", "correct", "0.75"},
                                           Case{"1 1/2", "1.5", "correct", "1.5"},
                                           Case{0.1, "1/10", "correct", "0.1"},
                                           Case{"1/3", "0.3333333", "correct", "0.3333333"},
                                           Case{"1/3", "0.33", "wrong", "0.33"},
                                           Case{1e20, "100000000000000000000", "correct", "1e+20"},
                                           Case{0, "0", "correct", "0"},
                                           Case{0, "-0", "correct", "0"},
                                           Case{0, "0.0000001", "correct", "1e-07"},
                                           Case{"none", "18", "error", ""},
                                           Case{nullptr, "18", "error", ""},
                                           Case{"5/0", "5/0", "wrong", "nan"}));

INSTANTIATE_TEST_SUITE_P(PercentSign,
                         Numeric,
                         ::testing::Values(Case{50, "The answer is 50%", "correct", "50%"},
                                           Case{"50%", "50", "correct", "50"},
                                           Case{"50%", "50%", "correct", "50%"},
                                           Case{"50%", "0.5", "correct", "0.5"},
                                           Case{0.5, "50%", "correct", "50%"},
                                           Case{0.5, "0.5%", "correct", "0.5%"},
                                           Case{"0.5%", "50%", "wrong", "50%"},
                                           Case{50, "5%", "wrong", "5%"}));

// Relative to the size, 1e-6 would take one for the other; in doubles the last two are the same.
INSTANTIATE_TEST_SUITE_P(
    LargeWholeNumbers,
    Numeric,
    ::testing::Values(Case{123456789, "123456788", "wrong", "123456788"},
                      Case{123456789, "123,456,789", "correct", "123456789"},
                      Case{9007199254740993, "9007199254740993", "correct", "9007199254740993"},
                      Case{9007199254740993, "9007199254740992", "wrong", "9007199254740992"}));

TEST(NumericReward, ToleranceIsRelativeForDecimalsOnly) {
  const auto reward = Reward({{"type", "numeric"}, {"tolerance", 0.01}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1234.5"), "1240")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1234.5"), "1250")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1234"), "1240")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1234"), "1234.009")), "correct");
}

// As in GSM-hard, whose answers go down to 1e-6.
TEST(NumericReward, TinyAnswersAreTold) {
  const auto reward = Reward({{"type", "numeric"}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(2e-6), "0.000002")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(2e-6), "0.0000029")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1/3000"), "0.00033333333")), "correct");
}

TEST(NumericReward, ZeroToleranceIsExact) {
  const auto reward = Reward({{"type", "numeric"}, {"tolerance", 0.0}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1/3"), "2/6")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("0.3"), "3/10")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer("1/3"), "0.3333333333333333")), "wrong");
}

TEST(NumericReward, OwnMarkers) {
  const auto reward = Reward({{"type", "numeric"}, {"markers", {"\\boxed{"}}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(18), "\\boxed{18} in 3 steps")), "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(0.75), "\\boxed{\\frac{3}{4}} in 3 steps")),
            "correct");
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(18), "#### 18 in 3 steps")), "wrong");
  EXPECT_EQ(reward->gold_completion(WithAnswer(18)), "\\boxed{ 18");
}

TEST(NumericReward, NoMarkersMeansLastNumber) {
  const auto reward = Reward({{"type", "numeric"}, {"markers", nlohmann::json::array()}});
  EXPECT_EQ(VerdictOf(reward->judge(WithAnswer(18), "The answer is 3. No, 18")), "correct");
  EXPECT_EQ(reward->gold_completion(WithAnswer(18)), "18");
}

TEST(NumericReward, GoldCompletionCarriesAMarkerOnce) {
  const auto reward = Reward({{"type", "numeric"}});
  EXPECT_EQ(reward->gold_completion(WithAnswer(18.0)), "#### 18");
  EXPECT_EQ(reward->gold_completion(WithAnswer("So 9.\n#### 9")), "So 9.\n#### 9");
  EXPECT_EQ(reward->gold_completion(testing::MakeProblem({{"question", "?"}})), "");
}

// The question states the answer; an empty completion must not profit from it.
TEST(NumericReward, ReadsTheCompletionOnly) {
  const auto reward = Reward({{"type", "numeric"}});
  const Problem problem =
      testing::MakeProblem({{"question", "Is it 18? The answer is 18. #### 18"}, {"answer", 18}});
  EXPECT_EQ(VerdictOf(reward->judge(problem, "")), "wrong");
  EXPECT_EQ(VerdictOf(reward->judge(problem, "#### ")), "wrong");
}

TEST(NumericReward, RefusesAnEmptyMarker) {
  EXPECT_EQ(testing::RewardProblems({{"type", "numeric"}, {"markers", {""}}}),
            std::vector<std::string>{"markers: a marker is empty"});
}

}  // namespace
}  // namespace restem
