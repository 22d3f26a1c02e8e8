// exact, choice, contains, regex.
#include <gtest/gtest.h>

#include "reward/json_fields.h"

namespace restem {
namespace {

using nlohmann::json;
using testing::MakeProblem;
using testing::Reward;
using testing::VerdictOf;
using testing::WithAnswer;

struct Case {
  json reward;
  json problem;
  std::string text;
  std::string verdict;
  std::string extracted;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.reward << " of " << c.text; }

class TextReward : public ::testing::TestWithParam<Case> {};
TEST_P(TextReward, Judges) {
  const Case& c = GetParam();
  const auto reward = Reward(c.reward);
  ASSERT_NE(reward, nullptr);
  const Judgement judgement = reward->judge(MakeProblem(c.problem), c.text);
  EXPECT_EQ(VerdictOf(judgement), c.verdict) << c.text << " | " << judgement.reason;
  EXPECT_EQ(judgement.extracted, c.extracted) << c.text;
  EXPECT_EQ(judgement.reason.empty(), c.verdict == "correct") << judgement.reason;
}

// ---- exact ----
const json kExact = {{"type", "exact"}};
const json kBytes = {{"type", "exact"}, {"normalize", false}};
INSTANTIATE_TEST_SUITE_P(
    Exact,
    TextReward,
    ::testing::Values(Case{kExact, {{"answer", "Paris"}}, " paris.\n", "correct", "paris"},
                      Case{kExact, {{"answer", "New York"}}, "new  \n york", "correct", "new york"},
                      Case{kExact, {{"answer", "Paris"}}, "\"Paris\"", "correct", "paris"},
                      Case{kExact, {{"answer", "Paris"}}, "'Paris'!", "correct", "paris"},
                      Case{kExact, {{"answer", "STRASSE"}}, "straße", "correct", "strasse"},
                      Case{kExact, {{"answer", "caf\u00e9"}}, "cafe\u0301", "correct", "caf\u00e9"},
                      Case{kExact, {{"answer", "x²"}}, "x2", "wrong", "x2"},
                      Case{kExact, {{"answer", "a"}}, "", "wrong", ""},
                      Case{kExact, {{"answer", "the cat"}}, "cat", "wrong", "cat"},
                      Case{
                          kExact, {{"answer", "Paris"}}, "Paris, France", "wrong", "paris, france"},
                      Case{kExact, {{"answer", 145.0}}, "145", "correct", "145"},
                      Case{kExact, {{"answer", true}}, "True", "correct", "true"},
                      Case{kExact, {{"answer", "Paris"}}, "\xff\xfe", "wrong", "\ufffd\ufffd"},
                      Case{kExact, json::object(), "Paris", "error", ""},
                      Case{kBytes, {{"answer", "Paris"}}, "Paris", "correct", "Paris"},
                      Case{kBytes, {{"answer", "Paris"}}, " Paris", "wrong", " Paris"},
                      Case{kBytes, {{"answer", "Paris"}}, "paris", "wrong", "paris"}));

// ---- choice ----
const json kChoice = {{"type", "choice"}};
const json kYesNo = {{"type", "choice"}, {"labels", {"yes", "no"}}};
const json kB = {{"answer", "B"}};
const json kA = {{"answer", "(A)"}};
INSTANTIATE_TEST_SUITE_P(
    Choice,
    TextReward,
    ::testing::Values(
        Case{kChoice, kB, "B", "correct", "B"},
        Case{kChoice, kB, " B.", "correct", "B"},
        Case{kChoice, kB, "(B)", "correct", "B"},
        Case{kChoice, kB, "(b)", "correct", "B"},
        Case{kChoice, kB, "B) Paris", "correct", "B"},
        Case{kChoice, kB, "B: Paris", "correct", "B"},
        Case{kChoice, kB, "**B**", "correct", "B"},
        Case{kChoice, kB, "\\boxed{B}", "correct", "B"},
        Case{kChoice, kB, "The answer is B.", "correct", "B"},
        Case{kChoice, kB, "the answer is (b).", "correct", "B"},
        Case{kChoice, kB, "So the answer is b.", "correct", "B"},
        Case{kChoice, kB, "Answer: B", "correct", "B"},
        Case{kChoice, kB, "answer: **B**", "correct", "B"},
        Case{kChoice, kB, "The answer is option B because of C", "correct", "B"},
        Case{kChoice, kB, "The answer is \\boxed{B} as A and C are wrong", "correct", "B"},
        Case{kChoice, kB, "The correct option is B, not C", "correct", "B"},
        Case{kChoice, kB, "The answer is C. Wait, the answer is B. C is wrong.", "correct", "B"},
        Case{kChoice, kB, "(A) no. (C) no. (B) yes", "correct", "B"},
        Case{kChoice, kB, "A and C are wrong, so B", "correct", "B"},
        Case{kChoice, kB, "It is B, not C", "correct", "B"},
        Case{kChoice, kB, "B is right since A dog has four legs", "correct", "B"},
        Case{kChoice, kB, "B it is, I think", "correct", "B"},
        Case{kChoice, kB, "B it is, I'm sure", "correct", "B"},
        Case{kChoice, kB, "b", "wrong", ""},
        Case{kChoice, kB, "C", "wrong", "C"},
        Case{kChoice, kB, "The answer is not B", "wrong", ""},
        Case{kChoice, kB, "BCD", "wrong", ""},
        Case{kChoice, kB, "vitamin-B", "wrong", ""},
        Case{kChoice, kB, "Bob's house", "wrong", ""},
        Case{kChoice, kB, "", "wrong", ""},
        Case{kChoice, kB, "\xff\xff B", "correct", "B"},
        Case{kChoice, kA, "A", "correct", "A"},
        Case{kChoice, kA, "A is correct", "correct", "A"},
        Case{kChoice, kA, "The answer is A because", "correct", "A"},
        Case{kChoice, kA, "A long story", "wrong", ""},
        Case{kChoice, kA, "the answer is a long story", "wrong", ""},
        Case{kChoice, {{"answer", "unknown"}}, "A", "error", ""},
        Case{kChoice, json::object(), "A", "error", ""},
        Case{kYesNo, {{"answer", "yes"}}, "Yes.", "correct", "yes"},
        Case{kYesNo, {{"answer", "Yes"}}, "So the answer is yes.", "correct", "yes"},
        Case{kYesNo, {{"answer", "no"}}, "yes, or rather NO", "correct", "no"},
        Case{kYesNo, {{"answer", "no"}}, "nothing known", "wrong", ""},
        Case{{{"type", "choice"}, {"labels", {"1", "2", "10"}}},
             {{"answer", 10}},
             "answer: 10",
             "correct",
             "10"},
        Case{{{"type", "choice"}, {"labels", {"a.b", "axb"}}},
             {{"answer", "a.b"}},
             "axb",
             "wrong",
             "axb"}));

// ---- contains ----
const json kContains = {{"type", "contains"}};
const json kWord = {{"type", "contains"}, {"field", "word"}};
const json kPart = {{"type", "contains"}, {"field", "word"}, {"whole_word", false}};
const json kEnds = {{"type", "contains"}, {"field", "word"}, {"ends_with", {".", "!"}}};
const json kCat = {{"word", "cat"}};
INSTANTIATE_TEST_SUITE_P(
    Contains,
    TextReward,
    ::testing::Values(
        Case{kContains, {{"answer", "cat"}}, "A cat sat.", "correct", "cat"},
        Case{kWord, kCat, "A CAT sat.", "correct", "cat"},
        Case{kWord, kCat, "cat", "correct", "cat"},
        Case{kWord, kCat, "the cat's hat", "correct", "cat"},
        Case{kWord, kCat, "cats", "wrong", ""},
        Case{kWord, kCat, "concat it", "wrong", ""},
        Case{kWord, kCat, "concat a cat", "correct", "cat"},
        Case{kWord, kCat, "cat_1", "wrong", ""},
        Case{kWord, kCat, "écat", "wrong", ""},
        Case{kWord, kCat, "", "wrong", ""},
        Case{kPart, kCat, "cats", "correct", "cat"},
        Case{kPart, {{"word", "猫"}}, "小猫咪", "correct", "猫"},
        Case{kWord, {{"word", "猫"}}, "小猫咪", "wrong", ""},
        Case{kWord, {{"word", "ÉTÉ"}}, "un e\u0301te\u0301 chaud", "correct", "ÉTÉ"},
        Case{kWord, {{"word", "red ball"}}, "a red\n ball", "correct", "red ball"},
        Case{kWord, {{"word", {"cat", "dog"}}}, "a dog and a cat", "correct", "cat, dog"},
        Case{kWord, {{"word", {"cat", "dog"}}}, "a cat", "wrong", "cat"},
        Case{kWord, {{"word", 7}}, "7 cats", "correct", "7"},
        Case{kWord, {{"word", 7}}, "77 cats", "wrong", ""},
        Case{kWord, {{"word", "C++"}}, "in C++ it is", "correct", "C++"},
        Case{kWord, {{"word", json::array()}}, "a cat", "error", ""},
        Case{kWord, {{"word", " "}}, "a cat", "error", ""},
        Case{kWord, {{"answer", "cat"}}, "a cat", "error", ""},
        Case{kEnds, kCat, "A cat sat.", "correct", "cat"},
        Case{kEnds, kCat, "A cat sat! \n", "correct", "cat"},
        Case{kEnds, kCat, "A cat sat", "wrong", "cat"},
        Case{kEnds, kCat, "It sat.", "wrong", ""}));

// ---- regex ----
json Regex(const std::string& pattern) { return {{"type", "regex"}, {"pattern", pattern}}; }
INSTANTIATE_TEST_SUITE_P(
    RegexPattern,
    TextReward,
    ::testing::Values(
        Case{Regex(R"(^\d+$)"), json::object(), "18", "correct", "18"},
        Case{Regex(R"(^\d+$)"), json::object(), "18 eggs", "wrong", ""},
        Case{Regex(R"(is (\d+))"), json::object(), "it is 18.", "correct", "18"},
        Case{Regex(R"((a)|b)"), json::object(), "b", "correct", "b"},
        Case{Regex("a{2,3}"), json::object(), "aaa", "correct", "aaa"},
        Case{Regex("a{2}"), json::object(), "a{2}", "wrong", ""},
        Case{Regex(R"(\p{Lu}{3})"), json::object(), "ÄÖÜ", "correct", "ÄÖÜ"},
        Case{Regex(R"(\x{41})"), json::object(), "A", "correct", "A"},
        Case{Regex(R"(\{answer\})"), {{"answer", "x"}}, "{answer}", "correct", "{answer}"},
        Case{Regex("^{answer}$"), {{"answer", "a.b(c"}}, "a.b(c", "correct", "a.b(c"},
        Case{Regex("^{answer}$"), {{"answer", "a.b"}}, "axb", "wrong", ""},
        Case{Regex("^{answer}$"),
             {{"answer", "^$\\ \n|é\"#"}},
             "^$\\ \n|é\"#",
             "correct",
             "^$\\ \n|é\"#"},
        Case{Regex("{a}-{b}"), {{"a", 1}, {"b", 2.5}}, "so 1-2.5", "correct", "1-2.5"},
        Case{Regex("{missing}"), {{"answer", "x"}}, "x", "error", ""},
        Case{Regex("(?i)yes"), json::object(), "\xff YES", "correct", "YES"},
        Case{Regex("x*"), json::object(), "", "correct", ""},
        // Without a limit this takes years.
        Case{Regex("^(a+)+$"), json::object(), std::string(60, 'a') + "!", "error", ""}));

TEST(RegexReward, RefusesABrokenPattern) {
  const auto broken = testing::TryReward(Regex("({answer}"));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(broken.status()),
            "reward regex: pattern '(x': missing closing parenthesis at offset 2");
  EXPECT_EQ(testing::RewardProblems({{"type", "regex"}}),
            std::vector<std::string>{"pattern: is needed"});
}

TEST(TextRewards, GoldCompletionsAreAccepted) {
  const auto gold_verdict = [](const json& reward, const json& fields) {
    const auto verifier = Reward(reward);
    const Problem problem = MakeProblem(fields);
    return VerdictOf(verifier->judge(problem, verifier->gold_completion(problem)));
  };
  EXPECT_EQ(gold_verdict(kExact, {{"answer", "Paris"}}), "correct");
  EXPECT_EQ(gold_verdict(kChoice, kA), "correct");
  EXPECT_EQ(gold_verdict(kEnds, {{"word", {"cat", "dog"}}}), "correct");
  EXPECT_EQ(Reward(Regex("x"))->gold_completion(WithAnswer("x")), "");
}

// ---- all, any, not ----
json Combined(const std::string& type, const std::vector<json>& of) {
  return {{"type", type}, {"of", of}};
}
const json kHasCat = {{"type", "contains"}, {"field", "word"}};
const json kEndsDot = Regex(R"(\.$)");
const json kBroken = Regex("{missing}");
INSTANTIATE_TEST_SUITE_P(
    Combinations,
    TextReward,
    ::testing::Values(Case{Combined("all", {kHasCat, kEndsDot}), kCat, "a cat.", "correct", "cat"},
                      Case{Combined("all", {kHasCat, kEndsDot}), kCat, "a cat", "wrong", ""},
                      Case{Combined("all", {kHasCat, kEndsDot}), kCat, "a dog.", "wrong", ""},
                      Case{Combined("all", {kHasCat, kBroken}), kCat, "a cat.", "error", ""},
                      Case{Combined("all", {kBroken, kHasCat}), kCat, "a dog.", "wrong", ""},
                      Case{Combined("any", {kHasCat, kEndsDot}), kCat, "a cat", "correct", "cat"},
                      Case{Combined("any", {kHasCat, kEndsDot}), kCat, "a dog.", "correct", "."},
                      Case{Combined("any", {kHasCat, kEndsDot}), kCat, "a dog", "wrong", ""},
                      Case{Combined("any", {kBroken, kHasCat}), kCat, "a cat", "correct", "cat"},
                      Case{Combined("any", {kHasCat, kBroken}), kCat, "a dog", "error", ""},
                      Case{Combined("not", {kHasCat}), kCat, "a dog", "correct", ""},
                      Case{Combined("not", {kHasCat}), kCat, "a cat", "wrong", "cat"},
                      Case{Combined("not", {kBroken}), kCat, "a cat", "error", ""},
                      Case{Combined("all", {kHasCat, Combined("not", {kEndsDot})}),
                           kCat,
                           "a cat",
                           "correct",
                           "cat"},
                      Case{Combined("all", {kHasCat, Combined("not", {kEndsDot})}),
                           kCat,
                           "a cat.",
                           "wrong",
                           "."}));

TEST(CombinedReward, GoldCompletionSuitsEveryPart) {
  const Problem problem = MakeProblem({{"word", "cat"}, {"answer", "dog"}});
  EXPECT_EQ(Reward(Combined("all", {kHasCat, Regex("cat")}))->gold_completion(problem), "cat");
  // None that is known suits the pattern, whose own gold is unknown.
  EXPECT_EQ(Reward(Combined("all", {kHasCat, kEndsDot}))->gold_completion(problem), "");
  // Two rewards that exclude one another: shown, so that the preflight refuses it.
  EXPECT_EQ(Reward(Combined("all", {kHasCat, kExact}))->gold_completion(problem), "cat");
  EXPECT_EQ(Reward(Combined("not", {kHasCat}))->gold_completion(problem), "");
}

TEST(CombinedReward, NamesWhatIsWrong) {
  EXPECT_EQ(testing::RewardProblems({{"type", "all"}}),
            std::vector<std::string>{"of: names no reward"});
  EXPECT_EQ(testing::RewardProblems(Combined("any", {json{{"pattern", "x"}}})),
            std::vector<std::string>{"type: is needed"});
  EXPECT_EQ(testing::RewardProblems(Combined("any", {json{{"type", "regx"}}})),
            std::vector<std::string>{"type: unknown regx"});
  const auto broken = testing::TryReward(Combined("all", {kHasCat, Regex("(")}));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(MessageOf(broken.status()),
            "reward all: of[1]: pattern '(': missing closing parenthesis at offset 1");
}

TEST(MakeVerifierTest, ListsKnownTypes) {
  RewardOptions options;
  options.type = "maths";
  const auto verifier = MakeVerifier(options);
  ASSERT_FALSE(verifier.ok());
  const std::string_view message = MessageOf(verifier.status());
  EXPECT_TRUE(message.starts_with("reward.type 'maths' is unknown; known are all, any, "))
      << message;
  for (const VerifierType& type : VerifierTypes()) {
    EXPECT_NE(message.find(type.name), std::string_view::npos) << type.name;
  }
}

}  // namespace
}  // namespace restem
