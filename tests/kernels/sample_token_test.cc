// Draws against a plain sampler in float64 that sorts: one body for the CPU's and for CUDA's, on a
// GPU or on the host executor.
#include "kernels/sample_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "kernels/device_array.h"
#include "kernels/sample_on_device.h"
#include "kernels/sample_reference.h"

namespace restem::testing {
namespace {

using kernels::Precision;
using kernels::SamplingRule;

// Tokens and logprobs of vocabularies of one token, of less than a vector, a warp, a block of
// masses; odd; and real ones.
TEST_P(SampleTokenTest, DrawsWhatASortingSamplerDraws) {
  struct Shape {
    int64_t vocab, rows, rows_if_slow;
  };
  for (const Shape& shape : {Shape{1, 4, 1},
                             Shape{2, 300, 5},
                             Shape{7, 300, 5},
                             Shape{17, 300, 5},
                             Shape{1000, 60, 1},
                             Shape{32000, 2, 1},
                             Shape{151936, 1, 1}}) {
    if (shape.vocab > 1000 && !kLargeShapes) continue;
    if (shape.vocab > 17 && kFewShapes) continue;
    for (const double scale : {0.01, 1.0, 4.0, 50.0}) {
      if (slow() && scale != 4.0 && (shape.vocab > 1000 || kFewShapes)) continue;
      const LogitsMatrix matrix = RandomLogits(slow() ? shape.rows_if_slow : shape.rows,
                                               shape.vocab,
                                               GetParam().precision,
                                               scale,
                                               /*seed=*/5);
      for (const SamplingRule& rule : Rules(shape.vocab)) expect_as_reference(matrix, rule);
    }
  }
}

// χ² of draws against the exact distribution, cells of fewer than five expected
// draws together: mean of the cells less one, deviation √(2·(cells − 1)); five deviations above.
TEST_P(SampleTokenTest, FrequenciesPassAChiSquareTest) {
  std::mt19937 engine(11);
  std::normal_distribution<double> normal;
  // Few under compute-sanitizer too, which takes long for each block.
  const int64_t draws_of_one = slow() ? 60 : on_cpu() ? 10000 : 2000;
  for (const int64_t vocab : {12, 1000}) {
    if (vocab > 12 && slow()) continue;
    std::vector<double> logits;
    for (int64_t i = 0; i < vocab; ++i) logits.push_back(std::round(normal(engine) * 8.0) / 4.0);
    const LogitsMatrix matrix =
        MatrixOf(std::vector<std::vector<double>>(static_cast<size_t>(draws_of_one), logits),
                 GetParam().precision);
    for (const SamplingRule& rule : Rules(vocab)) {
      if (rule.temperature == 0.0) continue;
      SCOPED_TRACE(Named(rule) + " vocabulary " + std::to_string(vocab));
      const ReferenceSampler reference(RowOf(matrix, 0), rule);
      std::vector<double> counts(static_cast<size_t>(vocab), 0.0);
      for (const int32_t token : sample(matrix, rule).tokens) {
        ASSERT_GT(reference.probability(token), 0.0) << "token " << token << " was filtered out";
        ++counts[static_cast<size_t>(token)];
      }
      double chi_square = 0.0;
      double cells = 0.0;
      double count = 0.0;
      double expected = 0.0;
      for (int32_t token = 0; token < vocab; ++token) {
        count += counts[static_cast<size_t>(token)];
        expected += reference.probability(token) * static_cast<double>(draws_of_one);
        if (expected < 5.0) continue;
        chi_square += (count - expected) * (count - expected) / expected;
        ++cells;
        count = expected = 0.0;
      }
      const double freedom = std::max(1.0, cells - 1.0);
      EXPECT_LT(chi_square, freedom + 5.0 * std::sqrt(2.0 * freedom));
    }
  }
}

TEST_P(SampleTokenTest, ARowDoesNotDependOnTheOthers) {
  const LogitsMatrix both = RandomLogits(2, kFewShapes ? 100 : 1500, GetParam().precision, 2.0, 9);
  const LogitsMatrix first = MatrixOf({RowOf(both, 0)}, GetParam().precision);
  for (const SamplingRule& rule : Rules(both.vocab)) {
    const Draws alone = sample(first, rule);
    Draws together = sample(both, rule);
    EXPECT_TRUE(together == sample(both, rule)) << Named(rule);
    together.tokens.resize(1);
    together.logprobs.resize(1);
    together.sampled_logprobs.resize(1);
    EXPECT_TRUE(together == alone) << Named(rule);
  }
}

// What the sampler records is what the scorer computes of the same logits, to the bit.
TEST(SampleToken, LogprobHasTheBitsOfRowStats) {
  for (const int64_t vocab : {1, 2, 7, 17, 255, 256, 257, 1000, 32000, 151936}) {
    if (vocab > 1000 && !kLargeShapes) continue;
    const LogitsMatrix matrix = RandomLogits(3, vocab, Precision::kFloat32, 3.0, 21);
    std::vector<float> logits(matrix.bytes.size() / sizeof(float));
    std::memcpy(logits.data(), matrix.bytes.data(), matrix.bytes.size());
    for (const SamplingRule& rule : Rules(vocab)) {
      const Draws draws = SampleOnCpu(matrix, rule);
      std::vector<kernels::RowStats> stats(3);
      kernels::AddToRowStats(
          {3, 0, vocab, matrix.stride}, {}, logits.data(), draws.tokens.data(), stats.data());
      std::vector<float> logp(3);
      std::vector<float> lse(3);
      kernels::FinishRowStats(stats.data(), 3, {logp.data(), lse.data(), nullptr});
      EXPECT_EQ(draws.logprobs, logp) << Named(rule) << " vocabulary " << vocab;
    }
  }
}

class CudaLogprobTest : public ::testing::TestWithParam<Precision> {};

TEST_P(CudaLogprobTest, HasTheBitsOfRowStats) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  for (const int64_t vocab : {7, 1000, 32000}) {
    if (vocab > (kFewShapes ? 7 : kLargeShapes ? 32000 : 1000)) continue;
    const LogitsMatrix matrix = RandomLogits(2, vocab, GetParam(), 3.0, 22);
    const Draws draws = SampleOnCuda(matrix, {0.7, 0, 1.0});
    DeviceArray<unsigned char> logits(matrix.bytes);
    DeviceArray<int32_t> tokens(draws.tokens);
    DeviceArray<kernels::RowStats> stats(std::vector<kernels::RowStats>(2));
    DeviceArray<float> logp(size_t{2});
    DeviceArray<float> lse(size_t{2});
    const kernels::LogitsBlock whole = {2, 0, vocab, matrix.stride};
    EXPECT_EQ(kernels::cuda::AddToRowStats(
                  whole, {}, GetParam(), logits.data(), tokens.data(), stats.data(), nullptr),
              nullptr);
    EXPECT_EQ(
        kernels::cuda::FinishRowStats(stats.data(), 2, {logp.data(), lse.data(), nullptr}, nullptr),
        nullptr);
    EXPECT_EQ(draws.logprobs, logp.host()) << "vocabulary " << vocab;
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions,
                         CudaLogprobTest,
                         ::testing::Values(Precision::kFloat32, Precision::kBfloat16));

TEST(SampleToken, WhatCudaCannotDrawFromIsRefused) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  DeviceArray<float> logits(std::vector<float>(64, 1.0F));
  const auto sample = [&](const float* at, const kernels::LogitsRows& shape) {
    return kernels::cuda::SampleTokens(
        shape, {}, Precision::kFloat32, at, nullptr, nullptr, {}, nullptr);
  };
  EXPECT_STREQ(sample(logits.data(), {2, 5, 5}), "cudaErrorMisalignedAddress");
  EXPECT_STREQ(sample(logits.data() + 1, {2, 5, 8}), "cudaErrorMisalignedAddress");
  EXPECT_STREQ(sample(logits.data(), {1, (1 << 23) + 1, (1 << 23) + 4}), "cudaErrorInvalidValue");
  EXPECT_EQ(sample(logits.data(), {0, 5, 8}), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Devices, SampleTokenTest, EveryDevice());

}  // namespace
}  // namespace restem::testing
