// Drawn frequencies against the exact distribution of each combination of temperature, top-k and
// top-p.
#include "sampler/token_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace restem {
namespace {

const std::vector<float> kLogits = {
    0.1F, 2.0F, -1.0F, 1.5F, 0.3F, -3.0F, 1.4F, 0.0F, -0.5F, 2.2F, -8.0F, 0.7F};

// The distribution as transformers defines it: temperature, then top-k, then top-p.
std::vector<double> ExactDistribution(const SamplingParams& params) {
  std::vector<size_t> order(kLogits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [](size_t a, size_t b) { return kLogits[a] > kLogits[b]; });
  if (params.top_k > 0) order.resize(std::min(order.size(), static_cast<size_t>(params.top_k)));
  std::vector<double> p(kLogits.size(), 0.0);
  double total = 0.0;
  for (const size_t i : order) total += p[i] = std::exp(double{kLogits[i]} / params.temperature);
  double cumulative = 0.0;
  double kept = 0.0;
  for (const size_t i : order) {
    if (cumulative >= params.top_p) p[i] = 0.0;
    cumulative += p[i] / total;
    kept += p[i];
  }
  for (double& value : p) value /= kept;
  return p;
}

class TokenSamplerTest : public ::testing::TestWithParam<SamplingParams> {};

TEST_P(TokenSamplerTest, FrequenciesPassAChiSquareTest) {
  const SamplingParams params = GetParam();
  const std::vector<double> exact = ExactDistribution(params);
  TokenSampler sampler(params);
  const RandomStream stream(1, StreamPurpose::kSample, 0, "chi-square", 0);
  constexpr int kDraws = 40000;
  std::vector<int> counts(kLogits.size(), 0);
  for (int i = 0; i < kDraws; ++i) {
    const TokenDraw draw = *sampler.draw(kLogits, stream.uniform(static_cast<uint64_t>(i)));
    ++counts[static_cast<size_t>(draw.token)];
    ASSERT_NEAR(draw.sampled_logprob, std::log(exact[static_cast<size_t>(draw.token)]), 1e-5);
  }
  double chi_square = 0.0;
  int cells = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    if (exact[i] == 0.0) {
      EXPECT_EQ(counts[i], 0) << "token " << i << " was filtered out";
      continue;
    }
    const double expected = exact[i] * kDraws;
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    ++cells;
  }
  // Mean cells − 1, deviation √(2·(cells − 1)); five deviations above the mean.
  const double freedom = std::max(1, cells - 1);
  EXPECT_LT(chi_square, freedom + 5.0 * std::sqrt(2.0 * freedom));
}

SamplingParams Params(double temperature, int64_t top_k, double top_p) {
  SamplingParams params;
  params.temperature = temperature;
  params.top_k = top_k;
  params.top_p = top_p;
  return params;
}

INSTANTIATE_TEST_SUITE_P(Combinations,
                         TokenSamplerTest,
                         ::testing::Values(Params(1.0, 0, 1.0),
                                           Params(0.7, 0, 1.0),
                                           Params(1.0, 5, 1.0),
                                           Params(1.0, 0, 0.9),
                                           Params(0.7, 4, 0.8),
                                           Params(1.5, 100, 0.5),
                                           Params(1.0, 1, 1.0)));

TEST(TokenSampler, GreedyTakesTheLargestAndTheLowestIdOfATie) {
  TokenSampler sampler(Params(0.0, 0, 1.0));
  EXPECT_EQ(sampler.draw(kLogits, 0.99)->token, 9);
  EXPECT_EQ(sampler.draw(std::vector<float>{1.0F, 3.0F, 3.0F}, 0.5)->token, 1);
}

TEST(TokenSampler, LogprobIsOfTheModelsOwnDistribution) {
  TokenSampler sampler(Params(0.5, 3, 0.9));
  const TokenDraw draw = *sampler.draw(kLogits, 0.3);
  double total = 0.0;
  for (const float logit : kLogits) total += std::exp(double{logit});
  EXPECT_NEAR(draw.logprob, kLogits[static_cast<size_t>(draw.token)] - std::log(total), 1e-6);
}

// Damaged weights must not pass for a model that always says the same.
TEST(TokenSampler, LogitsThatAreNotFiniteAreAnError) {
  for (const double temperature : {0.0, 0.7, 1.0}) {
    for (const float bad : {NAN, INFINITY}) {
      SamplingParams params;
      params.temperature = temperature;
      TokenSampler sampler(params);
      const auto draw = sampler.draw(std::vector<float>{0.0F, bad, 1.0F}, 0.5);
      EXPECT_THAT(draw.status().ToString(), ::testing::HasSubstr("logits are not finite"));
    }
  }
}

}  // namespace
}  // namespace restem
