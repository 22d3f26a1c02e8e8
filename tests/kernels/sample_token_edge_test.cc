// Draws from rows at the ends of what logits can be: ties, extremes, infinities, no numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "kernels/sample_on_device.h"
#include "kernels/sample_reference.h"
#include "kernels/sample_token.h"

namespace restem::testing {
namespace {

using kernels::Precision;
using kernels::SamplingRule;

using SampleTokenEdgeTest = SampleTokenTest;

// Equal logits have equal weights of exactly 1, so that draws are exact: whatever the number of
// ties, lower ids come first.
TEST_P(SampleTokenEdgeTest, TiesGoToTheLowerIds) {
  for (const int64_t vocab : {1, 5, 64, 65, 1000, 3001, 151936}) {
    if (vocab > 64 && kFewShapes) continue;
    if (vocab > 3001 && !kLargeShapes) continue;
    const auto rows = vocab > 3001 ? size_t{1} : size_t{3};
    const std::vector<std::vector<double>> flat(
        rows, std::vector<double>(static_cast<size_t>(vocab), -3.25));
    for (const SamplingRule& rule : {SamplingRule{1.0, 0, 1.0},
                                     SamplingRule{0.5, 0, 1.0},
                                     SamplingRule{1.0, 40, 1.0},
                                     SamplingRule{0.5, 2000, 1.0},
                                     SamplingRule{0.7, 0, 0.5},
                                     SamplingRule{2.0, 900, 0.25},
                                     SamplingRule{0.0, 0, 1.0}}) {
      SCOPED_TRACE(Named(rule) + " vocabulary " + std::to_string(vocab));
      const double k = static_cast<double>(rule.top_k > 0 ? std::min(rule.top_k, vocab) : vocab);
      const double kept = rule.temperature == 0.0 ? 1.0 : std::ceil(rule.top_p * k);
      const Draws draws = sample(flat, rule);
      for (size_t r = 0; r < rows; ++r) {
        EXPECT_EQ(draws.tokens[r], std::floor(UniformOf(static_cast<int64_t>(r)) * kept));
        EXPECT_NEAR(draws.sampled_logprobs[r], -std::log(kept), 2e-6);
      }
    }
  }
}

// Few different values, many ties at each cut; zeros of both signs are equal.
TEST_P(SampleTokenEdgeTest, HeavyTiesAreCutInTheMiddle) {
  std::mt19937 engine(3);
  const int64_t vocab = kFewShapes ? 100 : 1000;
  std::vector<std::vector<double>> rows;
  for (int r = 0; r < (slow() ? 2 : 100); ++r) {
    rows.emplace_back();
    for (int64_t i = 0; i < vocab; ++i) {
      const double value = static_cast<double>(engine() % 4) - 2.0;
      rows.back().push_back(value == 0.0 && engine() % 2 == 0 ? -0.0 : value);
    }
  }
  const LogitsMatrix matrix = MatrixOf(rows, GetParam().precision);
  for (const SamplingRule& rule : Rules(vocab)) expect_as_reference(matrix, rule);
}

// Logits whose differences overflow, or are below the smallest normal number.
TEST_P(SampleTokenEdgeTest, ExtremeLogitsAreDrawnFrom) {
  const int64_t vocab = 200;
  std::vector<std::vector<double>> rows(3, std::vector<double>(vocab, -3e38));
  for (size_t i = 0; i < vocab; ++i) {
    if (i % 3 == 0) rows[0][i] = 3e38;
    rows[1][i] = i % 2 == 0 ? 1e-40 : -1e-40;
    rows[2][i] = i % 5 == 0 ? -2e38 : rows[2][i];
  }
  const LogitsMatrix matrix = MatrixOf(rows, GetParam().precision);
  for (const SamplingRule& rule : {SamplingRule{1.0, 0, 1.0},
                                   SamplingRule{0.5, 0, 0.7},
                                   SamplingRule{1.0, 90, 1.0},
                                   SamplingRule{1.0, 90, 0.7},
                                   SamplingRule{1e-30, 90, 0.7}}) {
    SCOPED_TRACE(Named(rule));
    const Draws draws = sample(matrix, rule);
    for (int64_t r = 0; r < matrix.rows; ++r) {
      const ReferenceSampler reference(RowOf(matrix, r), rule);
      const auto i = static_cast<size_t>(r);
      EXPECT_LE(reference.distance(draws.tokens[i], UniformOf(r)), kDrawTolerance) << "row " << r;
    }
  }
}

// Masked tokens, as grammars and padded vocabularies have them.
TEST_P(SampleTokenEdgeTest, MinusInfinityIsNeverDrawn) {
  const double inf = INFINITY;
  const int64_t vocab = kFewShapes ? 40 : 600;
  std::vector<std::vector<double>> rows(slow() ? 2 : 50);
  for (auto& row : rows) {
    for (int64_t i = 0; i < vocab; ++i)
      row.push_back(i % 7 == 3 ? 0.25 * static_cast<double>(i % 9) : -inf);
  }
  const LogitsMatrix matrix = MatrixOf(rows, GetParam().precision);
  for (const SamplingRule& rule : Rules(vocab)) expect_as_reference(matrix, rule);
}

// Damaged weights must not pass for a model that always says the same.
TEST_P(SampleTokenEdgeTest, LogitsThatAreNotFiniteShow) {
  const double nan = std::nan("");
  const double inf = INFINITY;
  for (const int64_t vocab : {1, 3, 40, 700}) {
    if (vocab > 40 && kFewShapes) continue;
    std::vector<std::vector<double>> rows(4, std::vector<double>(static_cast<size_t>(vocab), 0.5));
    const auto place = static_cast<size_t>(vocab / 2);
    rows[0][place] = nan;
    rows[1][place] = inf;
    rows[2].assign(rows[2].size(), -inf);
    for (const SamplingRule& rule : Rules(vocab)) {
      SCOPED_TRACE(Named(rule) + " vocabulary " + std::to_string(vocab));
      const Draws draws = sample(rows, rule);
      for (size_t r = 0; r < 3; ++r) {
        EXPECT_EQ(draws.tokens[r], 0);
        EXPECT_TRUE(std::isnan(draws.logprobs[r])) << "row " << r;
        EXPECT_TRUE(std::isnan(draws.sampled_logprobs[r])) << "row " << r;
      }
      EXPECT_TRUE(std::isfinite(draws.logprobs[3]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, SampleTokenEdgeTest, EveryDevice());

}  // namespace
}  // namespace restem::testing
