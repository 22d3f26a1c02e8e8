// AdamW against its published update in float64, clipping, and the learning rate's course.
#include "trainer/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/tensor_compare.h"
#include "trainer/schedule.h"
#include "trainer/step_sums.h"

namespace restem {
namespace {

using testing::Near;

std::vector<TrainedSlice> SlicesOf(const std::vector<at::Tensor>& parameters) {
  std::vector<TrainedSlice> slices;
  for (const at::Tensor& tensor : parameters) {
    TrainedSlice& slice = slices.emplace_back();
    slice.values = tensor;
    slice.is_matrix = tensor.dim() >= 2;
  }
  return slices;
}

TEST(AdamW, FollowsTheDefinition) {
  at::manual_seed(4);
  TrainOptions options;
  options.max_grad_norm = 0.0;
  const std::vector<at::Tensor> parameters = {at::randn({5, 7}), at::randn({6})};
  std::vector<at::Tensor> expected = {parameters[0].to(at::kDouble), parameters[1].to(at::kDouble)};
  std::vector<at::Tensor> m = {at::zeros({5, 7}, at::kDouble), at::zeros({6}, at::kDouble)};
  std::vector<at::Tensor> v = {at::zeros({5, 7}, at::kDouble), at::zeros({6}, at::kDouble)};
  AdamW optimizer(SlicesOf(parameters), options, /*lanes=*/2);
  for (int step = 1; step <= 4; ++step) {
    const double rate = 0.01 * step;
    const std::vector<at::Tensor> gradients = {at::randn({5, 7}), at::randn({6})};
    for (size_t i = 0; i < 2; ++i) {
      const at::Tensor g = gradients[i].to(at::kDouble);
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.95 * v[i] + 0.05 * g * g;
      const at::Tensor update =
          m[i] / (1 - std::pow(0.9, step)) / ((v[i] / (1 - std::pow(0.95, step))).sqrt() + 1e-8);
      const double decay = i == 0 ? 0.1 : 0.0;  // matrices only
      expected[i] = expected[i] * (1 - rate * decay) - rate * update;
    }
    optimizer.step(gradients, /*norm=*/1.0, rate);
  }
  EXPECT_TRUE(Near(parameters[0], expected[0], 1e-6));
  EXPECT_TRUE(Near(parameters[1], expected[1], 1e-6));
}

TEST(AdamW, ClipsByTheGlobalNorm) {
  TrainOptions options;
  options.max_grad_norm = 1.0;
  const std::vector<at::Tensor> parameters = {at::zeros({2, 2}), at::zeros({1})};
  AdamW optimizer(SlicesOf(parameters), options, 1);
  const std::vector<at::Tensor> gradients = {at::full({2, 2}, 2.0F), at::full({1}, 3.0F)};
  const auto sums = SumOverRanks({}, SlicesOf(parameters), gradients, /*group=*/nullptr);
  ASSERT_TRUE(sums.ok()) << sums.status();
  EXPECT_DOUBLE_EQ(sums->grad_norm, 5.0);
  optimizer.step(gradients, sums->grad_norm, 0.1);
  EXPECT_TRUE(Near(gradients[0], at::full({2, 2}, 0.4), 1e-7));
  EXPECT_TRUE(Near(gradients[1], at::full({1}, 0.6), 1e-7));
}

TEST(LearningRate, WarmsUpAndFallsToZero) {
  TrainOptions options;
  options.learning_rate = 1.0;
  options.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(LearningRate(options, 0, 104), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(options, 3, 104), 0.8);
  EXPECT_DOUBLE_EQ(LearningRate(options, 4, 104), 1.0);
  EXPECT_NEAR(LearningRate(options, 54, 104), 0.5, 1e-12);
  EXPECT_NEAR(LearningRate(options, 104, 104), 0.0, 1e-12);
  options.lr_scheduler_type = "linear";
  EXPECT_NEAR(LearningRate(options, 29, 104), 0.75, 1e-12);
  options.lr_scheduler_type = "constant";
  EXPECT_EQ(LearningRate(options, 103, 104), 1.0);
}

}  // namespace
}  // namespace restem
