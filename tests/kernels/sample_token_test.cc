// Draws against a plain sampler in float64 that sorts: one body for the CPU's and for CUDA's, on a
// GPU or on the host executor.
#include "kernels/sample_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <ostream>
#include <random>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"
#include "kernels/sample_reference.h"

namespace restem::testing {
namespace {

using kernels::PhiloxStream;
using kernels::Precision;
using kernels::SamplingRule;

enum class Way { kCpu, kCuda };

struct Device {
  Way way;
  Precision precision;
};

std::ostream& operator<<(std::ostream& out, const Device& d) {
  return out << (d.way == Way::kCpu ? "CPU" : "CUDA") << ", "
             << (d.precision == Precision::kFloat32 ? "float32" : "bfloat16");
}

std::string Named(const SamplingRule& rule) {
  return "temperature " + std::to_string(rule.temperature) + " top-k " +
         std::to_string(rule.top_k) + " top-p " + std::to_string(rule.top_p);
}

struct Draws {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs, sampled_logprobs;  // each [rows]

  bool operator==(const Draws&) const = default;
};

// Row r draws at position r of one stream.
constexpr PhiloxStream kStream = {{1, 2}, {3, 4}};

double UniformOf(int64_t row) { return UniformAt(kStream, static_cast<uint64_t>(row)); }

// The logits of one row each, as a precision holds them.
LogitsMatrix MatrixOf(const std::vector<std::vector<double>>& rows, Precision precision) {
  const auto vocab = static_cast<int64_t>(rows[0].size());
  LogitsMatrix matrix =
      RandomLogits(static_cast<int64_t>(rows.size()), vocab, precision, /*scale=*/1.0, /*seed=*/1);
  matrix.values.clear();
  const int64_t row_bytes = matrix.stride * kernels::BytesOf(precision);
  for (size_t r = 0; r < rows.size(); ++r) {
    const auto bytes = Encoded(rows[r], precision);
    std::copy(
        bytes.begin(), bytes.end(), matrix.bytes.begin() + static_cast<int64_t>(r) * row_bytes);
    const auto values = Decoded(bytes, precision);
    matrix.values.insert(matrix.values.end(), values.begin(), values.end());
  }
  return matrix;
}

std::vector<double> RowOf(const LogitsMatrix& matrix, int64_t row) {
  const auto first = matrix.values.begin() + row * matrix.vocab;
  return {first, first + matrix.vocab};
}

Draws SampleOnCpu(const LogitsMatrix& matrix, const SamplingRule& rule) {
  const auto rows = static_cast<size_t>(matrix.rows);
  std::vector<float> logits(matrix.bytes.size() / sizeof(float));
  std::memcpy(logits.data(), matrix.bytes.data(), matrix.bytes.size());
  std::vector<double> uniforms;
  for (int64_t r = 0; r < matrix.rows; ++r) uniforms.push_back(UniformOf(r));
  Draws draws = {std::vector<int32_t>(rows), std::vector<float>(rows), std::vector<float>(rows)};
  kernels::SampleTokens(
      {matrix.rows, matrix.vocab, matrix.stride},
      rule,
      logits.data(),
      uniforms.data(),
      {draws.tokens.data(), draws.logprobs.data(), draws.sampled_logprobs.data()});
  return draws;
}

Draws SampleOn(const Device&, const LogitsMatrix& matrix, const SamplingRule& rule) {
  return SampleOnCpu(matrix, rule);
}

// How far a draw may be from what its uniform number says, in probability. An exponential of x is
// off by |x|·2^-24 + 2^-22 relatively; weighted by probability |x| is below log(151936) < 12 and
// the temperature's rounding the same again; what is summed in float32 is at most 64 numbers in a
// row, 64·2^-24; sums and uniform meet twice, for top-p and for the draw.
constexpr double kDrawTolerance = 2.0 * (2.0 * 12.0 + 4.0 + 64.0) / 0x1p24;

double SampledTolerance(double logprob) { return kDrawTolerance + std::abs(logprob) * 0x1p-23; }

class SampleTokenTest : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam().way != Way::kCpu && !HasDevice()) GTEST_SKIP() << "no CUDA device";
  }

  bool on_cpu() const { return GetParam().way == Way::kCpu; }

  Draws sample(const LogitsMatrix& matrix, const SamplingRule& rule) const {
    return SampleOn(GetParam(), matrix, rule);
  }

  Draws sample(const std::vector<std::vector<double>>& rows, const SamplingRule& rule) const {
    return sample(MatrixOf(rows, GetParam().precision), rule);
  }

  // Every row's draw and logprobs against the reference.
  void expect_as_reference(const LogitsMatrix& matrix, const SamplingRule& rule) const {
    SCOPED_TRACE(Named(rule) + " vocabulary " + std::to_string(matrix.vocab));
    const Draws draws = sample(matrix, rule);
    for (int64_t r = 0; r < matrix.rows; ++r) {
      const auto i = static_cast<size_t>(r);
      const int32_t token = draws.tokens[i];
      ASSERT_TRUE(0 <= token && token < matrix.vocab) << "row " << r << ": " << token;
      const ReferenceSampler reference(RowOf(matrix, r), rule);
      ASSERT_LE(reference.distance(token, UniformOf(r)), kDrawTolerance)
          << "row " << r << ", token " << token;
      const double expected = reference.logprob(token);
      ASSERT_NEAR(draws.logprobs[i],
                  expected,
                  RowTolerance(matrix.vocab, std::abs(expected) + std::log(matrix.vocab)))
          << "row " << r;
      const double sampled = reference.sampled_logprob(token);
      ASSERT_NEAR(draws.sampled_logprobs[i], sampled, SampledTolerance(sampled)) << "row " << r;
    }
  }
};

std::vector<SamplingRule> Rules(int64_t vocab) {
  return {{1.0, 0, 1.0},
          {0.7, 0, 1.0},
          {0.0, 0, 1.0},
          {0.0, 3, 0.5},
          {1.0, 5, 1.0},
          {1.0, 0, 0.9},
          {0.7, 4, 0.8},
          {1.5, 100, 0.5},
          {1.0, 1, 1.0},
          {1.3, 0, 0.999999},
          {1.0, 0, 0.0},
          {1.2, vocab, 1.0},
          {0.9, std::max<int64_t>(1, vocab / 2), 0.95},
          {1.0, vocab + 7, 0.4}};
}

// Tokens and logprobs of vocabularies of one token, of less than a vector, a warp, a block of
// masses; odd; and real ones.
TEST_P(SampleTokenTest, DrawsWhatASortingSamplerDraws) {
  struct Shape {
    int64_t vocab, rows_on_cpu, rows_on_cuda;
    bool large;
  };
  for (const Shape& shape : {Shape{1, 4, 2, false},
                             Shape{2, 300, 20, false},
                             Shape{7, 300, 20, false},
                             Shape{17, 300, 20, false},
                             Shape{1000, 60, 3, false},
                             Shape{32000, 2, 1, true},
                             Shape{151936, 1, 1, true}}) {
    if (shape.large && !kLargeShapes) continue;
    if (shape.vocab > 17 && kFewShapes) continue;
    for (const double scale : {0.01, 1.0, 4.0, 50.0}) {
      if (!on_cpu() && shape.vocab > 1000 && scale != 1.0) continue;
      const LogitsMatrix matrix = RandomLogits(on_cpu() ? shape.rows_on_cpu : shape.rows_on_cuda,
                                               shape.vocab,
                                               GetParam().precision,
                                               scale,
                                               /*seed=*/5);
      for (const SamplingRule& rule : Rules(shape.vocab)) expect_as_reference(matrix, rule);
    }
  }
}

// Equal logits have equal weights of exactly 1, so that draws are exact: whatever the number of
// ties, lower ids come first.
TEST_P(SampleTokenTest, TiesGoToTheLowerIds) {
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
TEST_P(SampleTokenTest, HeavyTiesAreCutInTheMiddle) {
  std::mt19937 engine(3);
  const int64_t vocab = kFewShapes ? 100 : 1000;
  std::vector<std::vector<double>> rows;
  for (int r = 0; r < (on_cpu() ? 100 : 3); ++r) {
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
TEST_P(SampleTokenTest, ExtremeLogitsAreDrawnFrom) {
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

// χ² of draws against the exact distribution, cells of fewer than five expected
// draws together: mean of the cells less one, deviation √(2·(cells − 1)); five deviations above.
TEST_P(SampleTokenTest, FrequenciesPassAChiSquareTest) {
  std::mt19937 engine(11);
  std::normal_distribution<double> normal;
  const int64_t draws_of_one = kFewShapes ? 50 : on_cpu() ? 10000 : 400;
  for (const int64_t vocab : {12, 1000}) {
    if (vocab > 12 && !on_cpu()) continue;
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

// Masked tokens, as grammars and padded vocabularies have them.
TEST_P(SampleTokenTest, MinusInfinityIsNeverDrawn) {
  const double inf = INFINITY;
  const int64_t vocab = kFewShapes ? 40 : 600;
  std::vector<std::vector<double>> rows(on_cpu() ? 50 : 3);
  for (auto& row : rows) {
    for (int64_t i = 0; i < vocab; ++i)
      row.push_back(i % 7 == 3 ? 0.25 * static_cast<double>(i % 9) : -inf);
  }
  const LogitsMatrix matrix = MatrixOf(rows, GetParam().precision);
  for (const SamplingRule& rule : Rules(vocab)) expect_as_reference(matrix, rule);
}

// Damaged weights must not pass for a model that always says the same.
TEST_P(SampleTokenTest, LogitsThatAreNotFiniteShow) {
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

INSTANTIATE_TEST_SUITE_P(Devices,
                         SampleTokenTest,
                         ::testing::Values(Device{Way::kCpu, Precision::kFloat32}));

}  // namespace
}  // namespace restem::testing
