// What only the host executor can vary: the device's limits and the order in which threads run.
#include <gtest/gtest.h>

#include <cstring>

#include "kernels/device_array.h"
#include "kernels/logits_reference.h"
#include "kernels/sample_on_device.h"
#include "kernels/softmax_logprob.h"
#include "support/cuda_on_host/executor.h"

namespace restem::testing {
namespace {

using kernels::Precision;
using kernels::RowStats;
using restem_host_cuda::Options;

constexpr int64_t kRows = 3;
constexpr int64_t kVocab = 1500;

class OnHostTest : public ::testing::TestWithParam<Precision> {
 protected:
  void TearDown() override { restem_host_cuda::SetOptions({}); }

  // Scores and gradient as this executor computes them.
  std::vector<double> run(const Options& options) {
    restem_host_cuda::SetOptions(options);
    DeviceArray<unsigned char> logits(logits_.bytes);
    DeviceArray<int32_t> targets(targets_);
    DeviceArray<float> weights(weights_);
    DeviceArray<float> rows(size_t{3 * kRows});
    DeviceArray<RowStats> stats(size_t{kRows});
    EXPECT_STREQ(kernels::cuda::SoftmaxLogprobWithGradient(
                     {kRows, 0, kVocab, logits_.stride},
                     {},
                     GetParam(),
                     {targets.data(), weights.data(), 0.0F},
                     {rows.data(), rows.data() + kRows, rows.data() + 2 * kRows},
                     logits.data(),
                     stats.data(),
                     nullptr),
                 nullptr);
    std::vector<double> all = ValuesOf(logits.host(), logits_);
    for (const float value : rows.host()) all.push_back(value);
    return all;
  }

  // Shared memory for so many columns and the statistics beside them.
  static Options room_for(int64_t columns) {
    Options options;
    options.shared_per_block_optin =
        static_cast<size_t>(columns * kernels::BytesOf(GetParam())) + 17 * sizeof(RowStats);
    return options;
  }

  const LogitsMatrix logits_ = RandomLogits(kRows, kVocab, GetParam(), 2.0, 3);
  const std::vector<int32_t> targets_ = {0, 750, 1499};
  const std::vector<float> weights_ = {1.0F, 0.5F, 2.0F};
};

TEST_P(OnHostTest, RowsSpreadOverClustersGiveTheSame) {
  const auto whole = run({});
  const double rounding = GetParam() == Precision::kBfloat16 ? 1.0 / 128.0 : 1e-5;
  for (const int64_t columns : {800, 400, 200})  // clusters of 2, 4 and 8
    EXPECT_TRUE(AllNear(run(room_for(columns)), whole, 1e-5, rounding)) << columns;
  EXPECT_TRUE(AllNear(run(room_for(100)), whole, 1e-5, rounding)) << "rows read twice";
}

// As on Ampere.
TEST_P(OnHostTest, WithoutClustersRowsAreReadTwice) {
  const auto whole = run({});
  const double rounding = GetParam() == Precision::kBfloat16 ? 1.0 / 128.0 : 1e-5;
  Options options = room_for(800);
  options.clusters = false;
  EXPECT_TRUE(AllNear(run(options), whole, 1e-5, rounding));
}

TEST_P(OnHostTest, NoOrderOfThreadsChangesABit) {
  for (const int64_t columns : {1600, 400}) {
    Options options = room_for(columns);
    const auto first = run(options);
    for (const uint64_t seed : {1, 2, 3}) {
      options.schedule_seed = seed;
      EXPECT_EQ(run(options), first) << columns << " columns, seed " << seed;
    }
  }
}

// Whether a row is kept in shared memory or read again, and whichever thread comes first.
TEST_P(OnHostTest, DrawsHaveTheSameBitsWhereverTheRowLies) {
  for (const kernels::SamplingRule& rule :
       {kernels::SamplingRule{0.7, 0, 1.0}, kernels::SamplingRule{0.7, 40, 0.8}}) {
    restem_host_cuda::SetOptions({});
    const Draws first = SampleOnCuda(logits_, rule);
    Options options;
    options.shared_per_block_optin = size_t{17} << 10;  // bins, and no row
    for (const uint64_t seed : {0, 1, 2}) {
      options.schedule_seed = seed;
      restem_host_cuda::SetOptions(options);
      EXPECT_TRUE(SampleOnCuda(logits_, rule) == first) << Named(rule) << " seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions,
                         OnHostTest,
                         ::testing::Values(Precision::kFloat32, Precision::kBfloat16));

}  // namespace
}  // namespace restem::testing
