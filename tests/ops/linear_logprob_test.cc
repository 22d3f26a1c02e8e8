// The log-prob op against log_softmax in float64, gradients included.
#include "ops/linear_logprob.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "kernels/softmax_logprob.h"
#include "ops/autograd.h"
#include "support/require_gpu.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

struct Case {
  at::DeviceType device;
  int64_t rows;
  int64_t width;
  int64_t vocab;
  double scale;  // of the hidden states: larger means peakier distributions
  double z_loss;
  at::ScalarType weight = at::kFloat;
  LogprobOptions options = {};
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << at::DeviceTypeName(c.device) << " [" << c.rows << ", " << c.width << "] x "
             << c.vocab << " " << c.weight << " scale " << c.scale << " z " << c.z_loss << " cap "
             << c.options.soft_cap << " temperature " << c.options.temperature << " room "
             << c.options.logits_bytes;
}

// What the op should compute, by LibTorch's own operators in float64.
struct Expected {
  at::Tensor logp, lse, entropy;
};

Expected ExpectedOf(const at::Tensor& hidden,
                    const at::Tensor& weight,
                    const at::Tensor& targets,
                    const LogprobOptions& options) {
  at::Tensor logits = at::matmul(hidden, weight.t());
  if (options.soft_cap > 0.0) logits = options.soft_cap * at::tanh(logits / options.soft_cap);
  logits = logits / options.temperature;
  const at::Tensor log_p = at::log_softmax(logits, -1);
  return {log_p.gather(1, targets.to(at::kLong).unsqueeze(1)).squeeze(1),
          at::logsumexp(logits, -1),
          -(log_p.exp() * log_p).sum(-1)};
}

class LinearLogprobTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const Case& c = GetParam();
    if (c.device == at::kCUDA && !testing::FoundOrNotRequired(at::hasCUDA()))
      GTEST_SKIP() << "no CUDA device, or no CUDA build";
    at::manual_seed(5);
    // As the weight's precision has them: what is tested is the op, not the rounding of its input.
    hidden_ = (at::randn({c.rows, c.width}) * c.scale).to(c.weight).to(at::kFloat).to(c.device);
    weight_ = at::randn({c.vocab, c.width}).to(c.weight).to(c.device);
    targets_ = at::randint(c.vocab, {c.rows}, at::kInt).to(c.device);
    row_weights_ = at::rand({c.rows}).to(c.device);
  }

  // The products' roundings: over the width, and in a gradient over the vocabulary, where MKL sums
  // in one run (LibTorch's float32 gradient is off by as much). On a GPU a gradient's logits are
  // rounded to bfloat16, too.
  double tolerance(bool with_gradient) const {
    const Case& c = GetParam();
    const bool rounded = with_gradient && c.device == at::kCUDA && c.weight == at::kBFloat16;
    const double over_vocab = with_gradient ? 5e-7 * std::sqrt(static_cast<double>(c.vocab)) : 0.0;
    return 4e-6 * static_cast<double>(c.width) + over_vocab + (rounded ? 2e-2 : 0.0);
  }

  at::Tensor hidden_, weight_, targets_, row_weights_;
};

TEST_P(LinearLogprobTest, ScoresMatchLogSoftmax) {
  const LinearLogprobResult result = LinearLogprob(hidden_, weight_, targets_, GetParam().options);
  const Expected expected =
      ExpectedOf(hidden_.to(at::kDouble), weight_.to(at::kDouble), targets_, GetParam().options);
  EXPECT_TRUE(Near(result.logp, expected.logp, tolerance(false)));
  EXPECT_TRUE(Near(result.lse, expected.lse, tolerance(false)));
  EXPECT_TRUE(Near(result.entropy, expected.entropy, tolerance(false)));
}

TEST_P(LinearLogprobTest, LossAndGradientMatch) {
  const double z_loss = GetParam().z_loss;
  const at::Tensor h32 = MakeLeaf(hidden_);
  const at::Tensor w32 = MakeLeaf(weight_);
  const at::Tensor h64 = MakeLeaf(hidden_.to(at::kDouble));
  const at::Tensor w64 = MakeLeaf(weight_.to(at::kDouble));
  const WeightedNllResult result =
      WeightedNll(h32, w32, targets_, row_weights_, z_loss, GetParam().options);
  const Expected expected = ExpectedOf(h64, w64, targets_, GetParam().options);
  const at::Tensor loss =
      (row_weights_ * (z_loss * expected.lse * expected.lse - expected.logp)).sum();
  EXPECT_TRUE(Near(result.loss.detach(), loss.detach(), tolerance(true)));
  EXPECT_TRUE(Near(result.logp, expected.logp.detach(), tolerance(true)));
  const auto g32 = GradientsOf(result.loss * 2.0, {h32, w32});
  const auto g64 = GradientsOf(loss * 2.0, {h64, w64});
  // A bfloat16 weight's gradient is rounded to bfloat16 at the end.
  const double rounding = GetParam().weight == at::kBFloat16 ? 4e-3 : 0.0;
  EXPECT_TRUE(Near(g32[0], g64[0], tolerance(true)));
  EXPECT_TRUE(Near(g32[1], g64[1], tolerance(true) + rounding));
}

// What was in the sum stays, and autograd has no part in it.
TEST_P(LinearLogprobTest, TheWeightsGradientCanBeAddedToASum) {
  const Case& c = GetParam();
  const std::vector<at::Tensor> leaves = {MakeLeaf(hidden_), MakeLeaf(weight_)};
  const auto run = [&](const at::Tensor& sum) {
    return WeightedNll(leaves[0], leaves[1], targets_, row_weights_, c.z_loss, c.options, sum).loss;
  };
  const auto expected = GradientsOf(run({}), leaves);
  const at::Tensor before = at::randn({c.vocab, c.width}).to(c.device);
  const at::Tensor sum = before.clone();
  const auto gradients = GradientsOf(run(sum), {leaves[0]});
  EXPECT_TRUE(at::equal(gradients[0], expected[0]));
  const double rounding = c.weight == at::kBFloat16 ? 4e-3 : 0.0;
  EXPECT_TRUE(Near(sum - before, expected[1].to(at::kDouble), 1e-5 + rounding));
}

// The whole without the rows that carry no weight, and nothing to their hidden states.
TEST_P(LinearLogprobTest, RowsWithoutWeightAreLeftOut) {
  const Case& c = GetParam();
  const at::Tensor live = at::rand({c.rows}) < 0.3;
  const at::Tensor weights = row_weights_ * live.to(c.device).to(at::kFloat);
  const std::vector<at::Tensor> leaves = {MakeLeaf(hidden_), MakeLeaf(weight_)};
  const auto loss = WeightedNll(leaves[0], leaves[1], targets_, weights, c.z_loss, c.options).loss;
  const auto gradients = GradientsOf(loss, leaves);
  const std::vector<at::Tensor> wide = {MakeLeaf(hidden_.to(at::kDouble)),
                                        MakeLeaf(weight_.to(at::kDouble))};
  const Expected expected = ExpectedOf(wide[0], wide[1], targets_, c.options);
  const auto exact =
      GradientsOf((weights * (c.z_loss * expected.lse * expected.lse - expected.logp)).sum(), wide);
  const double rounding = c.weight == at::kBFloat16 ? 4e-3 : 0.0;
  EXPECT_TRUE(Near(gradients[0], exact[0], tolerance(true)));
  EXPECT_TRUE(Near(gradients[1], exact[1], tolerance(true) + rounding));
  EXPECT_TRUE(at::equal(gradients[0].ne(0).any(1).cpu().logical_and(live.logical_not()),
                        at::zeros({c.rows}, at::kBool)));
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  const LogprobOptions capped = {.soft_cap = 5.0};
  const LogprobOptions cooled = {.temperature = 0.7};
  const LogprobOptions in_chunks = {.soft_cap = 30.0, .temperature = 1.5, .logits_bytes = 40000};
  for (const at::DeviceType device : {at::kCPU, at::kCUDA}) {
    cases.push_back({device, 1, 8, 5, 1.0, 0.0});
    cases.push_back({device, 37, 64, 512, 1.0, 0.0});
    cases.push_back({device, 37, 64, 513, 1.0, 1e-3});
    cases.push_back({device, 9, 16, 1000, 50.0, 0.0});
    cases.push_back({device, 300, 8, 40000, 1.0, 0.0});
    cases.push_back({device, 37, 64, 513, 1.0, 1e-3, at::kFloat, capped});
    cases.push_back({device, 37, 64, 513, 1.0, 0.0, at::kFloat, cooled});
    cases.push_back({device, 90, 24, 777, 1.0, 1e-2, at::kFloat, in_chunks});
    cases.push_back({device, 37, 64, 512, 0.3, 0.0, at::kBFloat16});
    cases.push_back({device, 90, 25, 4999, 0.3, 1e-3, at::kBFloat16, in_chunks});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearLogprobTest, ::testing::ValuesIn(Cases()));

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

TEST(LinearLogprob, OneLogitThatIsNoNumberShows) {
  for (const float bad : {NAN, INFINITY}) {
    at::Tensor weight = at::ones({5000, 4});
    weight[4321][2] = bad;
    const at::Tensor targets = at::tensor({7}, at::kInt);
    const LinearLogprobResult result = LinearLogprob(at::ones({1, 4}), weight, targets);
    EXPECT_FALSE(std::isfinite(result.logp.item<float>())) << bad;
    const auto nll = WeightedNll(at::ones({1, 4}), MakeLeaf(weight), targets, at::ones({1}), 0.0);
    EXPECT_FALSE(std::isfinite(nll.loss.item<float>())) << bad;
  }
}

TEST(LinearLogprob, ASumTakesTheLossAsItIs) {
  const at::Tensor hidden = MakeLeaf(at::ones({1, 4}));
  const at::Tensor sum = at::zeros({3, 4});
  const auto nll =
      WeightedNll(hidden, at::ones({3, 4}), at::tensor({1}, at::kInt), at::ones({1}), 0.0, {}, sum);
  EXPECT_THROW(GradientsOf(nll.loss * 2.0, {hidden}), c10::Error);
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
