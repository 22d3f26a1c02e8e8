#include "eval/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace restem {
namespace {

TEST(McNemar, KnownValues) {
  // Two-sided binomial tails, worked by hand.
  EXPECT_DOUBLE_EQ(McNemarExact(0, 0), 1.0);
  EXPECT_NEAR(McNemarExact(5, 0), 2.0 / 32.0, 1e-12);
  EXPECT_NEAR(McNemarExact(1, 4), 2.0 * 6.0 / 32.0, 1e-12);
  EXPECT_NEAR(McNemarExact(3, 3), 1.0, 1e-12);
  // 2 * sum(C(35, i), i = 0..10) / 2^35 in exact fractions
  EXPECT_NEAR(McNemarExact(25, 10), 0.016673847800120711, 1e-12);
  EXPECT_DOUBLE_EQ(McNemarExact(25, 10), McNemarExact(10, 25));
  // Many pairs: neither overflow nor underflow.
  EXPECT_GT(McNemarExact(50'000, 50'000), 0.99);
  EXPECT_LT(McNemarExact(51'000, 49'000), 1e-9);
}

TEST(Wilson, KnownValues) {
  // Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
  const Interval interval = WilsonInterval(81, 263);
  EXPECT_NEAR(interval.low, 0.2553, 5e-5);
  EXPECT_NEAR(interval.high, 0.3662, 5e-5);
  EXPECT_DOUBLE_EQ(WilsonInterval(0, 20).low, 0.0);
  EXPECT_DOUBLE_EQ(WilsonInterval(20, 20).high, 1.0);
  EXPECT_DOUBLE_EQ(WilsonInterval(0, 0).high, 1.0);
}

TEST(Bootstrap, IsDeterministicAndJoint) {
  const std::vector<double> column = {1, 0, 0, -1, 1, 1, 0, 1, 0, 0};
  std::vector<double> doubled;
  for (const double value : column) doubled.push_back(2 * value);
  const std::vector<std::vector<double>> columns = {column, doubled};
  const auto first = BootstrapMeans(columns);
  const auto second = BootstrapMeans(columns);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].low, second[0].low);
  EXPECT_EQ(first[0].high, second[0].high);
  EXPECT_DOUBLE_EQ(first[1].low, 2 * first[0].low);  // the same rows for every column
  EXPECT_DOUBLE_EQ(first[1].high, 2 * first[0].high);
}

TEST(Bootstrap, AgreesWithTheNormalApproximationOnManyRows) {
  const RandomStream stream(3, StreamPurpose::kShuffle, 0, "rows", 0);
  std::vector<double> column(2000);
  double sum = 0.0;
  double squares = 0.0;
  for (size_t i = 0; i < column.size(); ++i) {
    const float u = stream.uniform(i);
    column[i] = u < 0.3F ? 1.0 : u < 0.4F ? -1.0 : 0.0;
    sum += column[i];
    squares += column[i] * column[i];
  }
  const auto n = static_cast<double>(column.size());
  const double half = 1.96 * std::sqrt((squares / n - sum / n * sum / n) / n);
  const auto interval = BootstrapMeans(std::vector<std::vector<double>>{column}).front();
  EXPECT_NEAR(interval.low, sum / n - half, 0.06 * half);
  EXPECT_NEAR(interval.high, sum / n + half, 0.06 * half);
}

// Of intervals that claim 95%, about 95% hold the truth. 200 experiments of 100 problems; the count
// of hits has a standard deviation of 3.1 around 190, and the percentile bootstrap is known to be a
// little short at this size.
TEST(Bootstrap, CoversTheTruth) {
  constexpr int kExperiments = 200;
  constexpr double kTruth = 0.25 - 0.10;
  int hits = 0;
  for (uint64_t experiment = 0; experiment < kExperiments; ++experiment) {
    const RandomStream stream(11, StreamPurpose::kShuffle, 0, "coverage", experiment);
    std::vector<double> column(100);
    for (size_t i = 0; i < column.size(); ++i) {
      const float u = stream.uniform(i);
      column[i] = u < 0.25F ? 1.0 : u < 0.35F ? -1.0 : 0.0;
    }
    const auto interval = BootstrapMeans(std::vector<std::vector<double>>{column}).front();
    hits += interval.low <= kTruth && kTruth <= interval.high ? 1 : 0;
  }
  EXPECT_GE(hits, 180);
  EXPECT_LE(hits, 198);
}

TEST(Interval, ExcludesZero) {
  EXPECT_TRUE((Interval{0.01, 0.2}.excludes_zero()));
  EXPECT_TRUE((Interval{-0.2, -0.01}.excludes_zero()));
  EXPECT_FALSE((Interval{-0.01, 0.2}.excludes_zero()));
  EXPECT_FALSE((Interval{0.0, 0.2}.excludes_zero()));
}

}  // namespace
}  // namespace restem
