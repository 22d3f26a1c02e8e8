// The rule of sampler.stop_at_correct: what is kept does not depend on the order of verdicts.
#include "loop/stop_at_correct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace restem {
namespace {

const std::vector<Problem> kProblems = {{"a", {}, ""}, {"b", {}, ""}};

struct Judged {
  std::string text;
  VerdictKind verdict;
};

Sample SampleOf(const std::string& problem, int64_t n, const std::string& text) {
  Sample sample;
  sample.problem = problem;
  sample.sample = n;
  sample.text = text;
  return sample;
}

std::optional<int64_t> Tell(StopAtCorrect& stop,
                            const std::string& problem,
                            int64_t n,
                            const Judged& judged) {
  EXPECT_TRUE(stop.drawn(SampleOf(problem, n, judged.text)).ok());
  return stop.judged({problem, n, judged.verdict, "", ""});
}

// The rule as it is written down, over verdicts in the order of their indices.
int64_t LastKept(const std::vector<Judged>& samples, int64_t k) {
  std::set<std::string> texts;
  for (size_t m = 0; m < samples.size(); ++m) {
    if (samples[m].verdict == VerdictKind::kCorrect) texts.insert(samples[m].text);
    if (static_cast<int64_t>(texts.size()) == k) return static_cast<int64_t>(m);
  }
  return static_cast<int64_t>(samples.size()) - 1;
}

TEST(StopAtCorrect, VerdictsInAnyOrderKeepTheSameSamples) {
  std::mt19937 random(7);
  int stopped = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto count = static_cast<int64_t>(1 + random() % 30);
    const auto k = static_cast<int64_t>(1 + random() % 4);
    std::vector<Judged> samples;
    for (int64_t i = 0; i < count; ++i) {
      const VerdictKind verdict = random() % 3 == 0   ? VerdictKind::kCorrect
                                  : random() % 5 == 0 ? VerdictKind::kError
                                                      : VerdictKind::kWrong;
      samples.push_back({std::string(1, static_cast<char>('a' + random() % 6)), verdict});
    }
    const int64_t expected = LastKept(samples, k);
    std::vector<int64_t> order(samples.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    StopAtCorrect stop(kProblems, count, k);
    int64_t last = count - 1;
    for (const int64_t n : order) {
      if (n > last) continue;  // neither drawn nor judged any more: it must not matter
      const auto lowered = Tell(stop, "a", n, samples[static_cast<size_t>(n)]);
      if (lowered) {
        EXPECT_LT(*lowered, last);
      }
      last = stop.last_wanted("a");
      EXPECT_EQ(lowered.value_or(last), last);
      EXPECT_GE(last, expected) << "a sample that is kept was cancelled";
    }
    EXPECT_EQ(last, expected);
    EXPECT_EQ(stop.last_wanted("b"), count - 1) << "another problem's samples";
    EXPECT_EQ(stop.wanted(), expected + 1 + count);
    EXPECT_EQ(stop.stopped(), expected < count - 1 ? 1 : 0);
    stopped += expected < count - 1 ? 1 : 0;
  }
  EXPECT_GT(stopped, 500);
}

TEST(StopAtCorrect, TheSameTextCountsOnceAtItsFirstIndex) {
  StopAtCorrect stop(kProblems, 10, 2);
  EXPECT_FALSE(Tell(stop, "a", 5, {"x", VerdictKind::kCorrect}));
  EXPECT_FALSE(Tell(stop, "a", 7, {"x", VerdictKind::kCorrect}));
  EXPECT_EQ(Tell(stop, "a", 8, {"y", VerdictKind::kCorrect}), 8);
  EXPECT_EQ(Tell(stop, "a", 2, {"y", VerdictKind::kCorrect}), 5);
  EXPECT_TRUE(stop.wants("a", 5));
  EXPECT_FALSE(stop.wants("a", 6));
}

TEST(StopAtCorrect, WrongAndErrorAreNotCorrect) {
  StopAtCorrect stop(kProblems, 4, 1);
  EXPECT_FALSE(Tell(stop, "a", 0, {"x", VerdictKind::kWrong}));
  EXPECT_FALSE(Tell(stop, "a", 1, {"y", VerdictKind::kError}));
  EXPECT_EQ(stop.last_wanted("a"), 3);
  EXPECT_EQ(Tell(stop, "a", 2, {"z", VerdictKind::kCorrect}), 2);
}

TEST(StopAtCorrect, ZeroKeepsAll) {
  StopAtCorrect stop(kProblems, 100, 0);
  for (int64_t n = 0; n < 50; ++n)
    EXPECT_FALSE(Tell(stop, "a", n, {std::to_string(n), VerdictKind::kCorrect}));
  EXPECT_EQ(stop.wanted(), 200);
  EXPECT_EQ(stop.wave_of(99), 0);
}

TEST(StopAtCorrect, AProblemThatIsNotInTheDataIsNamed) {
  StopAtCorrect stop(kProblems, 4, 1);
  EXPECT_EQ(MessageOf(stop.drawn(SampleOf("c", 0, "x"))), "problem c is not in the data");
}

TEST(StopAtCorrect, AWaveIsAsLargeAsAllBeforeIt) {
  const auto first_of = [](int64_t k) {
    const StopAtCorrect stop(kProblems, 100, k);
    std::vector<int64_t> first;
    for (int64_t n = 0; n < 100; ++n) {
      if (n == 0 || stop.wave_of(n) != stop.wave_of(n - 1)) first.push_back(n);
    }
    return first;
  };
  EXPECT_EQ(first_of(1), (std::vector<int64_t>{0, 8, 16, 32, 64}));
  EXPECT_EQ(first_of(10), (std::vector<int64_t>{0, 20, 40, 80}));
}

}  // namespace
}  // namespace restem
