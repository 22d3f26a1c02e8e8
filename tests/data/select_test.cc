#include "data/select.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SelectTest : public ::testing::Test {
 protected:
  void problem(const std::string& id) {
    problems_.push_back({id, {{"id", id}, {"question", id}}, id});
    prompts_.push_back({static_cast<int32_t>(prompts_.size()) + 1});
  }
  // Appends the next sample of the last problem.
  void sample(VerdictKind verdict,
              std::string text,
              size_t length = 2,
              FinishReason reason = FinishReason::kEos) {
    const std::string& id = problems_.back().id;
    const int64_t index = next_[id]++;
    samples_.push_back({id,
                        index,
                        std::vector<int32_t>(length, 7),
                        std::move(text),
                        std::vector<float>(length),
                        {},
                        reason});
    verdicts_.push_back({id, index, verdict, "", ""});
  }
  SelectInput input() const {
    SelectInput input{problems_, prompts_, samples_, verdicts_, options_, weighting_};
    input.seed = seed_;
    input.iteration = 1;
    return input;
  }
  Selection select() const {
    auto selection = SelectCorrect(input());
    EXPECT_TRUE(selection.ok()) << selection.status();
    return *std::move(selection);
  }
  std::vector<std::string> kept() const { return Names(select()); }
  static std::vector<std::string> Names(const Selection& selection) {
    std::vector<std::string> names;
    for (const auto& example : selection.examples)
      names.push_back(fmt::format("{}#{}", example.problem, example.sample));
    return names;
  }

  static constexpr auto kCorrect = VerdictKind::kCorrect;
  static constexpr auto kWrong = VerdictKind::kWrong;
  std::vector<Problem> problems_;
  std::vector<std::vector<int32_t>> prompts_;
  std::vector<Sample> samples_;
  std::vector<Verdict> verdicts_;
  std::map<std::string, int64_t> next_;
  SelectOptions options_;
  std::string weighting_ = "sample";
  uint64_t seed_ = 17;
};

TEST_F(SelectTest, KeepsCorrectOnesAndCountsTheRest) {
  problem("b");
  sample(kCorrect, "x");                              // 0
  sample(kWrong, "y");                                // 1
  sample(kCorrect, "x");                              // 2: as 0
  sample(VerdictKind::kError, "z");                   // 3
  sample(kCorrect, "cut", 2, FinishReason::kLength);  // 4
  sample(kWrong, "cut", 2, FinishReason::kLength);    // 5
  sample(kCorrect, "", 0);                            // 6: nothing to learn from
  sample(kCorrect, "w", 2, FinishReason::kStop);      // 7
  problem("a");
  sample(kWrong, "x");
  problem("unsampled");
  const Selection selection = select();
  EXPECT_THAT(Names(selection), ElementsAre("b#0", "b#7"));
  EXPECT_EQ(selection.examples[0].prompt_tokens, prompts_[0]);
  EXPECT_EQ(selection.examples[0].tokens, samples_[0].tokens);
  const SelectStats& stats = selection.stats;
  EXPECT_EQ(stats.problems, 3);
  EXPECT_EQ(stats.samples, 9);
  EXPECT_EQ(stats.correct, 5);
  EXPECT_EQ(stats.errors, 1);
  EXPECT_EQ(stats.truncated, 2);
  EXPECT_EQ(stats.truncated_correct, 1);
  EXPECT_EQ(stats.duplicates, 1);
  EXPECT_EQ(stats.capped, 0);
  EXPECT_EQ(stats.zero_correct, 2);
  EXPECT_EQ(stats.kept, 2);
}

TEST_F(SelectTest, OptionsChangeWhatIsKept) {
  problem("a");
  sample(kCorrect, "x");
  sample(kCorrect, "x");
  sample(kCorrect, "cut", 2, FinishReason::kLength);
  options_.dedup = "none";
  EXPECT_THAT(kept(), ElementsAre("a#0", "a#1"));
  options_.include_truncated = true;
  EXPECT_THAT(kept(), ElementsAre("a#0", "a#1", "a#2"));
}

TEST_F(SelectTest, CapKeepsFirstShortestOrRandom) {
  problem("a");
  for (const size_t length : {9, 3, 5, 3, 8, 2})
    sample(kCorrect, fmt::format("t{}", next_["a"]), length);
  options_.max_correct_per_problem = 3;
  options_.order = "first";
  EXPECT_THAT(kept(), ElementsAre("a#0", "a#1", "a#2"));
  EXPECT_EQ(select().stats.capped, 1);
  options_.order = "shortest";
  EXPECT_THAT(kept(), ElementsAre("a#1", "a#3", "a#5"));
  options_.order = "random";
  std::set<std::vector<std::string>> outcomes;
  std::set<std::string> ever;
  for (seed_ = 0; seed_ < 50; ++seed_) {
    const auto names = kept();
    EXPECT_EQ(names.size(), 3U);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    outcomes.insert(names);
    ever.insert(names.begin(), names.end());
  }
  EXPECT_GT(outcomes.size(), 10U);  // of 20 subsets
  EXPECT_EQ(ever.size(), 6U);
  options_.max_correct_per_problem = 0;
  EXPECT_EQ(kept().size(), 6U);
  options_.max_correct_per_problem = 6;
  EXPECT_EQ(select().stats.capped, 0);
}

TEST_F(SelectTest, DoesNotDependOnTheOrderOfRecords) {
  for (const char* id : {"a", "b"}) {
    problem(id);
    for (int i = 0; i < 30; ++i) sample(i % 3 == 0 ? kWrong : kCorrect, fmt::format("t{}", i / 2));
  }
  const auto before = kept();
  std::reverse(samples_.begin(), samples_.end());
  std::rotate(verdicts_.begin(), verdicts_.begin() + 7, verdicts_.end());
  EXPECT_EQ(kept(), before);
}

TEST_F(SelectTest, WeightsAddUpPerWeighting) {
  problem("a");
  sample(kCorrect, "x", 4);
  sample(kCorrect, "y", 2);
  problem("b");
  sample(kCorrect, "z", 3);
  const auto weights = [&] {
    std::vector<double> result;
    for (const auto& example : select().examples) result.push_back(example.weight);
    return result;
  };
  EXPECT_THAT(weights(), ElementsAre(1.0, 1.0, 1.0));
  weighting_ = "problem";
  EXPECT_THAT(weights(), ElementsAre(0.5, 0.5, 1.0));
  weighting_ = "token";
  EXPECT_THAT(weights(), ElementsAre(4.0, 2.0, 3.0));
}

TEST_F(SelectTest, ControlKeepsAsManyOfEachProblemWhateverTheVerdict) {
  for (int p = 0; p < 20; ++p) {
    problem(fmt::format("p{}", p));
    for (int i = 0; i < 16; ++i) {
      sample(i < p ? kCorrect : kWrong,
             fmt::format("t{}", i * 2 / 3),
             2,
             i % 5 == 4 ? FinishReason::kLength : FinishReason::kEos);
    }
  }
  options_.max_correct_per_problem = 4;
  const Selection real = select();
  const auto control = SelectRandomControl(input());
  ASSERT_TRUE(control.ok());
  std::map<std::string, int> difference;
  for (const auto& example : real.examples) ++difference[example.problem];
  for (const auto& example : control->examples) --difference[example.problem];
  for (const auto& [id, count] : difference) EXPECT_EQ(count, 0) << id;
  EXPECT_EQ(control->stats.kept, real.stats.kept);
  int64_t wrong = 0;
  std::set<std::string> texts;
  for (const auto& example : control->examples) {
    const size_t at =
        std::stoul(example.problem.substr(1)) * 16 + static_cast<size_t>(example.sample);
    wrong += verdicts_[at].verdict == kWrong;
    EXPECT_NE(samples_[at].finish_reason, FinishReason::kLength);
    EXPECT_TRUE(texts.insert(example.problem + samples_[at].text).second);
  }
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, control->stats.kept);
}

TEST_F(SelectTest, NamesRecordsThatDoNotFit) {
  problem("a");
  sample(kCorrect, "x");
  verdicts_.clear();
  EXPECT_EQ(MessageOf(SelectCorrect(input()).status()), "sample 0 of problem a has no verdict");
  sample(kCorrect, "y");
  verdicts_.push_back({"a", 0, kCorrect, "", ""});
  samples_[1].sample = 0;
  EXPECT_EQ(MessageOf(SelectCorrect(input()).status()), "sample 0 of problem a is there twice");
  samples_[1].problem = "gone";
  EXPECT_EQ(MessageOf(SelectCorrect(input()).status()),
            "sample 0 of problem gone: no such problem in the data");
}

}  // namespace
}  // namespace restem
