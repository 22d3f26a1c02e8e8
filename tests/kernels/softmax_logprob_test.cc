// The softmax kernels against float64: one body for the CPU's and for CUDA's, on a GPU or on the
// host executor.
#include "kernels/softmax_logprob.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ostream>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"

namespace restem::testing {
namespace {

using kernels::LogitsBlock;
using kernels::LogitTransform;
using kernels::NllLoss;
using kernels::Precision;
using kernels::RowStats;

// How a row is worked on.
enum class Way { kCpuBlocks, kCudaBlocks, kCudaOneRead };

struct Case {
  Way way;
  Precision precision;
  int64_t rows;
  int64_t vocab;
  double scale;  // of the logits
  LogitTransform transform;
  float z_loss = 0.0F;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  constexpr const char* kWays[] = {"CPU, blocks", "CUDA, blocks", "CUDA, one read"};
  return out << kWays[static_cast<int>(c.way)] << ", "
             << (c.precision == Precision::kFloat32 ? "float32" : "bfloat16") << " [" << c.rows
             << ", " << c.vocab << "] scale " << c.scale << " cap " << c.transform.soft_cap
             << " 1/temperature " << c.transform.inverse_temperature << " z " << c.z_loss;
}

struct Output {
  std::vector<float> logp, lse, entropy;
  std::vector<unsigned char> gradient;  // as the logits' bytes
};

struct Problem {
  LogitsMatrix logits;
  std::vector<int32_t> targets;
  std::vector<float> weights;
};

Problem ProblemOf(const Case& c) {
  Problem problem = {RandomLogits(c.rows, c.vocab, c.precision, c.scale, /*seed=*/7), {}, {}};
  for (int64_t r = 0; r < c.rows; ++r) {
    // The ends of the vocabulary, and places between.
    problem.targets.push_back(
        static_cast<int32_t>(c.rows == 1 ? c.vocab / 2 : r * (c.vocab - 1) / (c.rows - 1)));
    problem.weights.push_back(0.25F + 0.5F * static_cast<float>(r));
  }
  return problem;
}

// Blocks of the vocabulary, each a multiple of a vector: two of them, so that they must merge.
std::vector<LogitsBlock> BlocksOf(const LogitsMatrix& logits) {
  const int64_t cut = logits.vocab / 2 / 8 * 8;
  if (cut == 0) return {{logits.rows, 0, logits.vocab, logits.stride}};
  return {{logits.rows, 0, cut, logits.stride},
          {logits.rows, cut, logits.vocab - cut, logits.stride}};
}

Output RunOnCpu(const Case& c, const Problem& problem) {
  const auto rows = static_cast<size_t>(c.rows);
  Output out = {std::vector<float>(rows), std::vector<float>(rows), std::vector<float>(rows), {}};
  std::vector<float> logits(problem.logits.bytes.size() / sizeof(float));
  std::memcpy(logits.data(), problem.logits.bytes.data(), problem.logits.bytes.size());
  std::vector<RowStats> stats(rows);
  const auto blocks = BlocksOf(problem.logits);
  for (const LogitsBlock& block : blocks) {
    kernels::AddToRowStats(
        block, c.transform, logits.data() + block.first, problem.targets.data(), stats.data());
  }
  kernels::FinishRowStats(
      stats.data(), c.rows, {out.logp.data(), out.lse.data(), out.entropy.data()});
  const NllLoss loss = {problem.targets.data(), problem.weights.data(), c.z_loss};
  for (const LogitsBlock& block : blocks) {
    kernels::SoftmaxLogprobGradient(
        block, c.transform, loss, out.lse.data(), logits.data() + block.first);
  }
  out.gradient.resize(problem.logits.bytes.size());
  std::memcpy(out.gradient.data(), logits.data(), out.gradient.size());
  return out;
}

Output RunOnCuda(const Case& c, const Problem& problem) {
  const auto rows = static_cast<size_t>(c.rows);
  DeviceArray<unsigned char> logits(problem.logits.bytes);
  DeviceArray<int32_t> targets(problem.targets);
  DeviceArray<float> weights(problem.weights);
  DeviceArray<float> logp(rows);
  DeviceArray<float> lse(rows);
  DeviceArray<float> entropy(rows);
  DeviceArray<RowStats> stats(std::vector<RowStats>(rows, RowStats{}));
  const NllLoss loss = {targets.data(), weights.data(), c.z_loss};
  const kernels::RowResults results = {logp.data(), lse.data(), entropy.data()};
  const auto check = [](kernels::CudaError error) { EXPECT_EQ(error, nullptr) << error; };
  if (c.way == Way::kCudaOneRead) {
    const LogitsBlock whole = {c.rows, 0, c.vocab, problem.logits.stride};
    check(kernels::cuda::SoftmaxLogprobWithGradient(whole,
                                                    c.transform,
                                                    c.precision,
                                                    loss,
                                                    results,
                                                    logits.data(),
                                                    stats.data(),
                                                    /*stream=*/nullptr));
  } else {
    const auto at = [&](const LogitsBlock& block) {
      return logits.data() + block.first * kernels::BytesOf(c.precision);
    };
    const auto blocks = BlocksOf(problem.logits);
    for (const LogitsBlock& block : blocks) {
      check(kernels::cuda::AddToRowStats(
          block, c.transform, c.precision, at(block), targets.data(), stats.data(), nullptr));
    }
    check(kernels::cuda::FinishRowStats(stats.data(), c.rows, results, nullptr));
    for (const LogitsBlock& block : blocks) {
      check(kernels::cuda::SoftmaxLogprobGradient(
          block, c.transform, c.precision, loss, lse.data(), at(block), nullptr));
    }
  }
  return {logp.host(), lse.host(), entropy.host(), logits.host()};
}

Output OutputOf(const Case& c, const Problem& problem) {
  return c.way == Way::kCpuBlocks ? RunOnCpu(c, problem) : RunOnCuda(c, problem);
}

std::vector<double> Wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

class SoftmaxLogprobTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().way != Way::kCpuBlocks && !HasDevice()) GTEST_SKIP() << "no CUDA device";
  }
};

TEST_P(SoftmaxLogprobTest, MatchesFloat64) {
  const Case& c = GetParam();
  const Problem problem = ProblemOf(c);
  const Reference expected =
      ReferenceOf(problem.logits, c.transform, problem.targets, problem.weights, c.z_loss);
  const Output actual = OutputOf(c, problem);
  const double largest = *std::max_element(expected.lse.begin(), expected.lse.end()) -
                         *std::min_element(expected.logp.begin(), expected.logp.end());
  const double tolerance = RowTolerance(c.vocab, std::abs(largest));
  EXPECT_TRUE(AllNear(Wide(actual.logp), expected.logp, tolerance, 0.0));
  EXPECT_TRUE(AllNear(Wide(actual.lse), expected.lse, tolerance, 0.0));
  // Its terms are the probabilities times what may be as large as a row's range near the maximum.
  EXPECT_TRUE(AllNear(Wide(actual.entropy), expected.entropy, 16.0 * tolerance, 0.0));
  const double rounding = c.precision == Precision::kBfloat16 ? 1.0 / 256.0 : 0.0;
  const double weight = problem.weights.back();
  EXPECT_TRUE(AllNear(ValuesOf(actual.gradient, problem.logits),
                      expected.gradient,
                      weight * 2.0 * tolerance,
                      rounding));
}

// What lies between the vocabulary and the stride is NaN before; products may read the vector in
// which the vocabulary ends.
TEST_P(SoftmaxLogprobTest, TheLastVectorEndsInZeros) {
  const Case& c = GetParam();
  if (c.way == Way::kCpuBlocks) GTEST_SKIP() << "the CPU's rows end where the vocabulary does";
  const Problem problem = ProblemOf(c);
  const auto elements = Decoded(OutputOf(c, problem).gradient, c.precision);
  const int64_t vector = 16 / kernels::BytesOf(c.precision);
  for (int64_t i = c.vocab; i % vector != 0; ++i)
    EXPECT_EQ(elements[static_cast<size_t>(i)], 0.0) << "column " << i;
}

TEST_P(SoftmaxLogprobTest, GivesTheSameBitsAgain) {
  const Problem problem = ProblemOf(GetParam());
  const Output first = OutputOf(GetParam(), problem);
  const Output again = OutputOf(GetParam(), problem);
  EXPECT_EQ(first.logp, again.logp);
  EXPECT_EQ(first.entropy, again.entropy);
  EXPECT_TRUE(first.gradient == again.gradient);
}

// What a caller sees of a model whose weights are damaged: no crash, no number that looks right.
TEST_P(SoftmaxLogprobTest, LogitsThatAreNotFiniteShow) {
  const Case& c = GetParam();
  for (const double bad : {std::nan(""), double{INFINITY}, -double{INFINITY}}) {
    Problem problem = ProblemOf(c);
    const auto bytes = Encoded({bad}, c.precision);
    const int64_t row = c.rows - 1;
    std::copy(bytes.begin(),
              bytes.end(),
              problem.logits.bytes.begin() +
                  (row * problem.logits.stride + c.vocab / 3) * kernels::BytesOf(c.precision));
    const Output output = OutputOf(c, problem);
    const bool shows =
        !std::isfinite(output.lse.back()) || (bad < 0.0 && !std::isfinite(output.entropy.back()));
    EXPECT_TRUE(shows) << bad;
  }
}

constexpr LogitTransform kPlain;
constexpr LogitTransform kCapped = {30.0F, 1.0F};
constexpr LogitTransform kCooled = {0.0F, 1.0F / 0.7F};
constexpr LogitTransform kBoth = {5.0F, 2.0F};

// Vocabularies: one token; less than a vector, a warp, a block; odd; a real one; and, where a row
// stays in shared memory, what one block holds, what clusters of 4 and 8 hold, more than any.
void AddCases(Way way, Precision precision, std::vector<Case>& cases) {
  cases.push_back({way, precision, 2, 1003, 2.0, kCooled});
  cases.push_back({way, precision, 2, 777, 4.0, kBoth, 1e-2F});
  if (kFewShapes) return;
  for (const int64_t vocab : {1, 5, 8, 33, 512, 1003})
    cases.push_back({way, precision, 3, vocab, 2.0, kPlain});
  cases.push_back({way, precision, 4, 1003, 8.0, kCapped, 1e-3F});
  cases.push_back({way, precision, 3, 260, 1e4, kPlain});
  cases.push_back({way, precision, 3, 260, 1e4, kCapped});
  cases.push_back({way, precision, 2, 32003, 3.0, kPlain, 1e-4F});
  if (way != Way::kCudaOneRead || !kLargeShapes) return;
  cases.push_back({way, precision, 2, 152064, 3.0, kPlain});
  cases.push_back({way, precision, 2, 262144, 3.0, kCapped});
  cases.push_back({way, precision, 1, 1000003, 1.0, kPlain});
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  AddCases(Way::kCpuBlocks, Precision::kFloat32, cases);
  for (const Way way : {Way::kCudaBlocks, Way::kCudaOneRead})
    for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16})
      AddCases(way, precision, cases);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, SoftmaxLogprobTest, ::testing::ValuesIn(Cases()));

TEST(SoftmaxLogprob, MergesWhatVocabularyShardsFound) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  const std::vector<RowStats> left = {{2.0F, 1.5F, -0.25F, 0.0F}, {0.0F, 0.0F, 0.0F, 0.0F}};
  const std::vector<RowStats> right = {{5.0F, 3.0F, -1.0F, 4.0F}, {1.0F, 2.0F, -0.5F, 0.5F}};
  std::vector<RowStats> on_cpu = left;
  kernels::MergeRowStats(right.data(), 2, on_cpu.data());
  DeviceArray<RowStats> stats(left);
  DeviceArray<RowStats> other(right);
  EXPECT_EQ(kernels::cuda::MergeRowStats(other.data(), 2, stats.data(), nullptr), nullptr);
  const auto merged = stats.host();
  for (size_t r = 0; r < 2; ++r) {
    EXPECT_FLOAT_EQ(merged[r].max, on_cpu[r].max);
    EXPECT_FLOAT_EQ(merged[r].sum, on_cpu[r].sum);
    EXPECT_FLOAT_EQ(merged[r].offset_sum, on_cpu[r].offset_sum);
    EXPECT_FLOAT_EQ(merged[r].target_logit, on_cpu[r].target_logit);
  }
  EXPECT_NEAR(merged[0].sum, 3.0 + 1.5 * std::exp(-3.0), 1e-6);
}

TEST(SoftmaxLogprob, MisalignedRowsAreRefused) {
  if (!HasDevice()) GTEST_SKIP() << "no CUDA device";
  DeviceArray<float> logits(std::vector<float>(64, 1.0F));
  DeviceArray<int32_t> targets(std::vector<int32_t>(4, 0));
  DeviceArray<RowStats> stats(std::vector<RowStats>(4, RowStats{}));
  const auto add = [&](const float* at, int64_t stride) {
    return kernels::cuda::AddToRowStats(
        {4, 0, 5, stride}, {}, Precision::kFloat32, at, targets.data(), stats.data(), nullptr);
  };
  EXPECT_STREQ(add(logits.data(), 5), "cudaErrorMisalignedAddress");
  EXPECT_STREQ(add(logits.data() + 1, 8), "cudaErrorMisalignedAddress");
  EXPECT_EQ(add(logits.data(), 8), nullptr);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

}  // namespace
}  // namespace restem::testing
