// The log-prob op against log_softmax in float64, gradients included.
#include "ops/linear_logprob.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/softmax_logprob.h"
#include "ops/autograd.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

struct Case {
  int64_t rows;
  int64_t width;
  int64_t vocab;
  double scale;  // of the hidden states: larger means peakier distributions
  double z_loss;
};

class LinearLogprobTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    at::manual_seed(5);
    const Case c = GetParam();
    hidden_ = at::randn({c.rows, c.width}) * c.scale;
    weight_ = at::randn({c.vocab, c.width});
    targets_ = at::randint(c.vocab, {c.rows}, at::kInt);
    row_weights_ = at::rand({c.rows});
  }
  at::Tensor hidden_, weight_, targets_, row_weights_;
};

TEST_P(LinearLogprobTest, ScoresMatchLogSoftmax) {
  const at::Tensor logits = at::matmul(hidden_.to(at::kDouble), weight_.to(at::kDouble).t());
  const at::Tensor log_p = at::log_softmax(logits, -1);
  const LinearLogprobResult result = LinearLogprob(hidden_, weight_, targets_);
  const at::Tensor expected = log_p.gather(1, targets_.to(at::kLong).unsqueeze(1)).squeeze(1);
  const double tolerance = 2e-6 * static_cast<double>(GetParam().width);  // the product's rounding
  EXPECT_TRUE(Near(result.logp, expected, tolerance));
  EXPECT_TRUE(Near(result.lse, at::logsumexp(logits, -1), tolerance));
  EXPECT_TRUE(Near(result.entropy, -(log_p.exp() * log_p).sum(-1), tolerance));
}

TEST_P(LinearLogprobTest, LossAndGradientMatch) {
  const double z_loss = GetParam().z_loss;
  const at::Tensor h32 = MakeLeaf(hidden_);
  const at::Tensor w32 = MakeLeaf(weight_);
  const at::Tensor h64 = MakeLeaf(hidden_.to(at::kDouble));
  const at::Tensor w64 = MakeLeaf(weight_.to(at::kDouble));
  const WeightedNllResult result = WeightedNll(h32, w32, targets_, row_weights_, z_loss);
  const at::Tensor logits = at::matmul(h64, w64.t());
  const at::Tensor lse = at::logsumexp(logits, -1);
  const at::Tensor logp = logits.gather(1, targets_.to(at::kLong).unsqueeze(1)).squeeze(1) - lse;
  const at::Tensor loss = (row_weights_ * (z_loss * lse * lse - logp)).sum();
  const double tolerance = 4e-6 * static_cast<double>(GetParam().width);
  EXPECT_TRUE(Near(result.loss.detach(), loss.detach(), tolerance));
  const auto g32 = GradientsOf(result.loss * 2.0, {h32, w32});
  const auto g64 = GradientsOf(loss * 2.0, {h64, w64});
  EXPECT_TRUE(Near(g32[0], g64[0], tolerance));
  EXPECT_TRUE(Near(g32[1], g64[1], tolerance));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes,
    LinearLogprobTest,
    ::testing::Values(Case{1, 8, 5, 1.0, 0.0},
                      Case{37, 64, 512, 1.0, 0.0},
                      Case{37, 64, 513, 1.0, 1e-3},
                      Case{9, 16, 1000, 50.0, 0.0},
                      Case{300, 8, 40000, 1.0, 0.0}));  // several chunks of rows

// More rows than the op holds logits of at once: 1258 at this vocabulary.
TEST(LinearLogprob, ChunksOfRowsAddUp) {
  at::manual_seed(3);
  const at::Tensor hidden = at::randn({1300, 8});
  const at::Tensor weight = at::randn({40000, 8});
  const at::Tensor targets = at::randint(40000, {1300}, at::kInt);
  const at::Tensor row_weights = at::rand({1300});
  const auto gradients = [&](int64_t first, int64_t count) {
    const std::vector<at::Tensor> leaves = {MakeLeaf(hidden.narrow(0, first, count)),
                                            MakeLeaf(weight)};
    return GradientsOf(WeightedNll(leaves[0],
                                   leaves[1],
                                   targets.narrow(0, first, count),
                                   row_weights.narrow(0, first, count),
                                   0.0)
                           .loss,
                       leaves);
  };
  const auto whole = gradients(0, 1300);
  const auto begin = gradients(0, 700);
  const auto end = gradients(700, 600);
  EXPECT_TRUE(Near(whole[0], at::cat({begin[0], end[0]}), 1e-6));
  EXPECT_TRUE(Near(whole[1], begin[1] + end[1], 1e-5));
}

// As shards of the vocabulary would be put together.
TEST(RowStats, OfPartsMergeToThoseOfTheWhole) {
  at::manual_seed(4);
  constexpr int64_t kRows = 3;
  constexpr int64_t kVocab = 50;
  const at::Tensor logits = at::randn({kRows, kVocab}) * 20;
  const std::vector<int32_t> targets = {0, 30, 49};
  const auto stats_of = [&](int64_t first, int64_t count) {
    std::vector<kernels::RowStats> stats(kRows);
    kernels::AddToRowStats({kRows, first, count, kVocab},
                           {},
                           logits.const_data_ptr<float>() + first,
                           targets.data(),
                           stats.data());
    return stats;
  };
  for (const int64_t cut : {1, 17, 49}) {
    auto merged = stats_of(cut, kVocab - cut);
    kernels::MergeRowStats(stats_of(0, cut).data(), kRows, merged.data());
    const auto finished = [&](const std::vector<kernels::RowStats>& stats) {
      const at::Tensor values = at::empty({3, kRows});
      auto* to = values.mutable_data_ptr<float>();
      kernels::FinishRowStats(stats.data(), kRows, {to, to + kRows, to + 2 * kRows});
      return values;
    };
    EXPECT_TRUE(Near(finished(merged), finished(stats_of(0, kVocab)), 1e-6)) << cut;
  }
}

TEST(LinearLogprob, ExtremeLogitsStayFinite) {
  const at::Tensor weight = at::tensor({1e4F, -1e4F, 0.0F}).view({3, 1});
  const at::Tensor targets = at::tensor({0, 1}, at::kInt);
  const LinearLogprobResult result = LinearLogprob(at::ones({2, 1}), weight, targets);
  EXPECT_TRUE(Near(result.logp, at::tensor({0.0, -2e4}), 1e-6));
  EXPECT_TRUE(Near(result.entropy, at::zeros({2}), 1e-6));
}

TEST(LinearLogprob, TargetOutsideTheVocabularyIsRefused) {
  EXPECT_THROW(LinearLogprob(at::ones({1, 4}), at::ones({3, 4}), at::tensor({3}, at::kInt)),
               c10::Error);
}

TEST(LinearLogprob, Bfloat16WeightsFollowFloat32) {
  at::manual_seed(2);
  const at::Tensor hidden = at::randn({20, 32});
  const at::Tensor weight = at::randn({100, 32});
  const at::Tensor targets = at::randint(100, {20}, at::kInt);
  const auto narrow = LinearLogprob(hidden, weight.to(at::kBFloat16), targets);
  const auto wide = LinearLogprob(hidden, weight, targets);
  EXPECT_TRUE(Near(narrow.logp, wide.logp, 2e-2));  // bfloat16 keeps 8 bits
}

}  // namespace
}  // namespace restem
