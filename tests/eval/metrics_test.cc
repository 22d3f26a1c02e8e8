#include "eval/metrics.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace restem {
namespace {

constexpr auto kCorrect = VerdictKind::kCorrect;
constexpr auto kWrong = VerdictKind::kWrong;
constexpr auto kError = VerdictKind::kError;

// Share of the k-subsets of n samples, the first c of them correct, that hold a correct one: by
// looking at each.
double PassAtKByEnumeration(int n, int c, int k) {
  int subsets = 0;
  int passed = 0;
  for (unsigned subset = 0; subset < (1U << n); ++subset) {
    if (std::popcount(subset) != k) continue;
    ++subsets;
    passed += (subset & ((1U << c) - 1)) != 0 ? 1 : 0;
  }
  return static_cast<double>(passed) / subsets;
}

TEST(PassAtK, EqualsEnumerationOfAllSubsets) {
  for (int n = 1; n <= 10; ++n) {
    for (int c = 0; c <= n; ++c) {
      for (int k = 1; k <= n; ++k) {
        EXPECT_NEAR(PassAtK(n, c, k), PassAtKByEnumeration(n, c, k), 1e-12)
            << n << ' ' << c << ' ' << k;
      }
    }
  }
}

TEST(PassAtK, OneDrawIsTheSuccessRate) { EXPECT_DOUBLE_EQ(PassAtK(64, 12, 1), 12.0 / 64.0); }

TEST(PassAtK, StaysExactWhereFactorialsOverflow) {
  // 1 - C(9999, 5000) / C(10000, 5000) = 5000 / 10000
  EXPECT_NEAR(PassAtK(10000, 1, 5000), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(PassAtK(10000, 0, 10000), 0.0);
  EXPECT_DOUBLE_EQ(PassAtK(10000, 5001, 5000), 1.0);
}

TEST(MajorityVote, MostFrequentAnswerWins) {
  const Ballot ballots[] = {{"3", kWrong}, {"4", kCorrect}, {"4", kCorrect}};
  const Majority majority = MajorityVote(ballots, 3);
  EXPECT_EQ(majority.answer, "4");
  EXPECT_EQ(majority.votes, 2);
  EXPECT_EQ(majority.verdict, kCorrect);
}

TEST(MajorityVote, LooksAtTheFirstKOnly) {
  const Ballot ballots[] = {{"3", kWrong}, {"4", kCorrect}, {"4", kCorrect}};
  EXPECT_EQ(MajorityVote(ballots, 1).verdict, kWrong);
  EXPECT_EQ(MajorityVote(ballots, 64).verdict, kCorrect);
}

TEST(MajorityVote, OfEqualsTheFirstSeenWins) {
  const Ballot ballots[] = {{"5", kCorrect}, {"6", kWrong}, {"6", kWrong}, {"5", kCorrect}};
  EXPECT_EQ(MajorityVote(ballots, 4).answer, "5");
  EXPECT_EQ(MajorityVote(ballots, 2).answer, "5");
  EXPECT_EQ(MajorityVote(ballots, 3).answer, "6");
}

TEST(MajorityVote, SamplesWithoutAnAnswerDoNotVote) {
  const Ballot ballots[] = {{"", kWrong}, {"", kWrong}, {"7", kCorrect}};
  EXPECT_EQ(MajorityVote(ballots, 3).verdict, kCorrect);
  EXPECT_EQ(MajorityVote(ballots, 2).verdict, kWrong);
  EXPECT_EQ(MajorityVote(ballots, 2).votes, 0);
  EXPECT_EQ(MajorityVote({}, 4).verdict, kWrong);
}

TEST(MajorityVote, AFailedVerifierDoesNotDecideAnAnswerThatWasJudged) {
  const Ballot ballots[] = {{"7", kError}, {"7", kCorrect}};
  EXPECT_EQ(MajorityVote(ballots, 2).verdict, kCorrect);
  EXPECT_EQ(MajorityVote(ballots, 1).verdict, kError);
}

}  // namespace
}  // namespace restem
