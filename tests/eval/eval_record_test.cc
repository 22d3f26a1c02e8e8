#include "eval/eval_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;

JudgedSample Drawn(int64_t index, VerdictKind verdict, std::string answer, int64_t tokens = 10) {
  return {.sample = index,
          .verdict = verdict,
          .extracted = answer,
          .solution = "so " + answer,
          .tokens = tokens};
}

std::vector<ProblemEvaluation> TwoProblems() {
  constexpr auto kCorrect = VerdictKind::kCorrect;
  constexpr auto kWrong = VerdictKind::kWrong;
  return {{.id = "p1",
           .greedy = Drawn(-1, kCorrect, "4", 20),
           // out of order on purpose: the vote over the first samples goes by index
           .drawn = {Drawn(3, kWrong, "9"),
                     Drawn(0, kCorrect, "4"),
                     Drawn(2, kWrong, "9"),
                     Drawn(1, kCorrect, "4")}},
          {.id = "p2",
           .greedy = Drawn(-1, kWrong, "1", 40),
           .drawn = {Drawn(0, kWrong, "1"),
                     Drawn(1, kWrong, "2"),
                     Drawn(2, VerdictKind::kError, "3"),
                     Drawn(3, kWrong, "1", 14)}}};
}

TEST(BuildSetResult, ComputesEveryMetric) {
  const int64_t k[] = {1, 2, 4};
  const auto set = BuildSetResult(TwoProblems(), k, /*majority=*/4);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->problems, 2);
  EXPECT_DOUBLE_EQ(*set->pass_at_1, 0.5);
  EXPECT_DOUBLE_EQ(set->pass_at_k.at(1), 0.25);
  EXPECT_NEAR(set->pass_at_k.at(2), (1.0 - 1.0 / 6.0) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(set->pass_at_k.at(4), 0.5);
  EXPECT_DOUBLE_EQ(set->maj_at_k.at(4), 0.5);  // 4 against 9 is a tie: 4 was seen first
  EXPECT_DOUBLE_EQ(*set->greedy_tokens, 30.0);
  EXPECT_DOUBLE_EQ(set->drawn->mean_tokens, 84.0 / 8.0);
  EXPECT_DOUBLE_EQ(set->drawn->error_share, 0.125);
  EXPECT_DOUBLE_EQ(set->drawn->distinct_answers, 2.5);
  EXPECT_DOUBLE_EQ(set->drawn->answer_entropy, (1.0 + 1.5) / 2);
  ASSERT_EQ(set->outcomes.size(), 2U);
  EXPECT_EQ(set->outcomes[0].correct, 2);
  EXPECT_EQ(set->outcomes[0].majority, VerdictKind::kCorrect);
  EXPECT_EQ(set->outcomes[1].errors, 1);
  EXPECT_EQ(set->outcomes[1].majority, VerdictKind::kWrong);
}

TEST(BuildSetResult, GreedyAlone) {
  auto problems = TwoProblems();
  for (auto& problem : problems) problem.drawn.clear();
  const int64_t k[] = {1, 2, 4};
  const auto set = BuildSetResult(problems, k, /*majority=*/4);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_TRUE(set->pass_at_k.empty());
  EXPECT_FALSE(set->drawn.has_value());
  EXPECT_FALSE(set->outcomes[0].majority.has_value());
}

TEST(BuildSetResult, NamesWhatIsWrong) {
  auto problems = TwoProblems();
  const int64_t k[] = {8};
  EXPECT_THAT(BuildSetResult(problems, k, 0).status().ToString(),
              HasSubstr("problem p1 has 4 drawn samples, but pass@8 needs 8"));
  EXPECT_THAT(BuildSetResult(problems, {}, 5).status().ToString(), HasSubstr("maj@5 needs 5"));
  EXPECT_THAT(BuildSetResult({}, {}, 0).status().ToString(), HasSubstr("at least one problem"));
  problems[1].drawn[0].sample = 1;
  EXPECT_THAT(BuildSetResult(problems, {}, 0).status().ToString(),
              HasSubstr("problem p2: sample 1 is there twice"));
  problems = TwoProblems();
  problems[1].greedy.reset();
  EXPECT_THAT(BuildSetResult(problems, {}, 0).status().ToString(),
              HasSubstr("problem p2 lacks a greedy"));
}

// The example of the run directory's documentation.
constexpr const char* kDocumented =
    R"({"sets": {"NAME": {"problems": 300, "pass@1": 0.41, "pass@k": {"1": 0.37, "4": 0.55},
  "maj@k": {"64": 0.52}, "outcomes": [{"id": "x", "greedy": "correct", "samples": 64, "correct": 12,
  "majority": "correct"}]}}})";

TEST(EvalRecord, ReadsAndWritesTheDocumentedForm) {
  const auto documented = nlohmann::json::parse(kDocumented);
  const auto record = EvalRecordFromJson(documented);
  ASSERT_TRUE(record.ok()) << record.status();
  const SetResult& set = record->sets.at("NAME");
  EXPECT_EQ(set.problems, 300);
  EXPECT_DOUBLE_EQ(set.pass_at_k.at(4), 0.55);
  EXPECT_EQ(set.outcomes[0].greedy, VerdictKind::kCorrect);
  EXPECT_EQ(nlohmann::json(ToJson(*record)), documented);
}

TEST(EvalRecord, FileRoundTripKeepsEverything) {
  const int64_t k[] = {1, 2, 4};
  EvalRecord record;
  record.sets["svamp"] = *BuildSetResult(TwoProblems(), k, 4);
  const std::string path = testing::TestDir() + "/eval.json";
  ASSERT_TRUE(WriteEvalRecord(path, record).ok());
  const auto read = ReadEvalRecord(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToJson(*read).dump(), ToJson(record).dump());
  EXPECT_DOUBLE_EQ(read->sets.at("svamp").drawn->answer_entropy, 1.25);
}

TEST(EvalRecord, MessagesNameThePlace) {
  const auto message = [](const char* from, const char* to) {
    std::string text = kDocumented;
    text.replace(text.find(from), std::string(from).size(), to);
    return EvalRecordFromJson(nlohmann::json::parse(text)).status().ToString();
  };
  EXPECT_THAT(message("\"problems\": 300,", ""), HasSubstr("sets.NAME lacks \"problems\""));
  EXPECT_THAT(message("0.41", "\"a\""), HasSubstr("sets.NAME: \"pass@1\" has a wrong type: \"a\""));
  EXPECT_THAT(message("\"4\":", "\"four\":"), HasSubstr("\"pass@k\" maps k to a number, not four"));
  EXPECT_THAT(message("\"greedy\": \"correct\"", "\"greedy\": \"right\""),
              HasSubstr("sets.NAME.outcomes[0] (problem x): \"greedy\" is \"right\""));
  EXPECT_THAT(message("\"correct\": 12", "\"correct\": 65"),
              HasSubstr("65 correct and 0 errors of 64 samples"));
  const std::string path = testing::TestDir() + "/eval.json";
  std::ofstream(path) << "{\"sets\": ";
  EXPECT_THAT(ReadEvalRecord(path).status().ToString(), HasSubstr("eval.json is not valid JSON"));
}

}  // namespace
}  // namespace restem
