#include "reward/preflight.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reward/json_fields.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::vector<Problem> Numbered(int count) {
  std::vector<Problem> problems;
  for (int i = 0; i < count; ++i) {
    problems.push_back(testing::MakeProblem({{"answer", i}}, fmt::format("p{}", i)));
  }
  return problems;
}

class AcceptsAll : public Verifier {
 public:
  explicit AcceptsAll(VerdictKind kind, std::string extracted = "")
      : kind_(kind), extracted_(std::move(extracted)) {}
  Judgement judge(const Problem&, std::string_view) const override {
    return {kind_, extracted_, "so"};
  }

 private:
  const VerdictKind kind_;
  const std::string extracted_;
};

TEST(ProveReward, ASaneRewardPasses) {
  const auto reward = testing::Reward({{"type", "numeric"}});
  const RewardProof proof = ProveReward(*reward, Numbered(50), 17, 2);
  EXPECT_EQ(proof.gold_tried, 50);
  EXPECT_EQ(proof.gold_correct, 50);
  EXPECT_EQ(proof.shuffled_tried, 50);
  EXPECT_EQ(proof.shuffled_wrong, 50);
  EXPECT_TRUE(CheckProof(proof).ok());
}

TEST(ProveReward, EqualAnswersAreNotExchanged) {
  const auto reward = testing::Reward({{"type", "numeric"}});
  // The same number in many spellings, and one that differs.
  std::vector<Problem> problems;
  for (const json& answer :
       {json(18), json("18.0"), json("#### 18"), json("$18"), json("so 18 eggs"), json(19)}) {
    problems.push_back(
        testing::MakeProblem({{"answer", answer}}, fmt::format("p{}", problems.size())));
  }
  RewardProof proof = ProveReward(*reward, problems, 17);
  EXPECT_EQ(proof.shuffled_tried, 6);
  EXPECT_EQ(proof.shuffled_wrong, 6);
  EXPECT_TRUE(CheckProof(proof).ok());
  for (Problem& problem : problems) problem.fields["answer"] = 18;
  proof = ProveReward(*reward, problems, 17);
  EXPECT_EQ(proof.gold_correct, 6);
  EXPECT_EQ(proof.shuffled_skipped, 6);
  EXPECT_TRUE(CheckProof(proof).ok());
}

TEST(ProveReward, ARewardThatAcceptsAllIsCaught) {
  const RewardProof proof = ProveReward(AcceptsAll(VerdictKind::kCorrect), Numbered(20), 17);
  EXPECT_EQ(proof.gold_correct, 20);
  EXPECT_EQ(proof.shuffled_tried, 20);
  EXPECT_EQ(proof.shuffled_wrong, 0);
  EXPECT_EQ(proof.accepted_shuffled.size(), 5u);
  const absl::Status status = CheckProof(proof);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(MessageOf(status)),
      HasSubstr("the reward refuses only 0 of 20 answers of other problems:\n  problem 'p0': \""));
}

// Even one that claims to have read the same out of every completion.
TEST(ProveReward, AConstantExtractionDoesNotHideIt) {
  const RewardProof proof = ProveReward(AcceptsAll(VerdictKind::kCorrect, "yes"), Numbered(20), 17);
  EXPECT_FALSE(CheckProof(proof).ok());
}

TEST(ProveReward, ARewardThatRefusesGoldIsCaught) {
  std::vector<Problem> problems = Numbered(10);
  problems[3].fields["answer"] = "three";
  problems[7].fields["answer"] = nullptr;
  const auto reward = testing::Reward({{"type", "numeric"}});
  const RewardProof proof = ProveReward(*reward, problems, 17);
  EXPECT_EQ(proof.gold_tried, 9);
  EXPECT_EQ(proof.gold_correct, 8);
  EXPECT_EQ(proof.gold_errors, 1);
  EXPECT_EQ(proof.without_gold, 1);
  ASSERT_EQ(proof.refused_gold.size(), 1u);
  EXPECT_EQ(proof.refused_gold[0].problem, "p3");
  EXPECT_THAT(
      std::string(MessageOf(CheckProof(proof))),
      HasSubstr("the reward accepts only 8 of 9 gold answers:\n  problem 'p3': \"#### three\" "
                "is error: the gold answer holds no number: three"));
}

TEST(ProveReward, WithoutGoldThereIsNothingToProve) {
  const auto reward = testing::Reward({{"type", "regex"}, {"pattern", "x"}});
  const RewardProof proof = ProveReward(*reward, Numbered(3), 17);
  EXPECT_EQ(proof.without_gold, 3);
  EXPECT_EQ(proof.gold_tried + proof.shuffled_tried + proof.shuffled_skipped, 0);
  EXPECT_TRUE(CheckProof(proof).ok());
  EXPECT_TRUE(CheckProof(ProveReward(*reward, {}, 17)).ok());
}

TEST(ProveReward, DependsOnTheSeedNotTheThreads) {
  const AcceptsAll reward(VerdictKind::kCorrect);
  const auto first = [&](uint64_t seed, size_t jobs) {
    return ProveReward(reward, Numbered(100), seed, jobs).accepted_shuffled[0].completion;
  };
  EXPECT_EQ(first(1, 1), first(1, 4));
  EXPECT_NE(first(1, 1), first(2, 1));
}

}  // namespace
}  // namespace restem
