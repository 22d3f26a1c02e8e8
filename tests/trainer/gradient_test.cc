// The loss and its gradient against one example at a time in plain LibTorch, and their independence
// of packing, micro-batches and threads.
#include "trainer/gradient.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

#include "model/packed_forward.h"
#include "ops/autograd.h"
#include "support/tensor_compare.h"
#include "trainer/tiny_model.h"

namespace restem {
namespace {

using testing::Near;
using testing::TinyExamples;
using testing::TinyModel;

struct LossAndGradient {
  double loss = 0.0;
  std::vector<at::Tensor> gradients;
};

LossAndGradient Compute(const Model& model,
                        std::span<const TrainingExample> examples,
                        int64_t micro_batch_tokens,
                        int64_t lanes,
                        double z_loss = 0.0,
                        bool deterministic = false) {
  std::vector<size_t> all(examples.size());
  std::iota(all.begin(), all.end(), 0);
  GradientComputer computer(model, lanes, z_loss, deterministic);
  const StepLoss loss = computer.compute(PackStep(examples, all, micro_batch_tokens));
  LossAndGradient result = {loss.loss, {}};
  for (const at::Tensor& gradient : computer.gradients())
    result.gradients.push_back(gradient.clone());
  return result;
}

// Σ w·(−log p) / Σ w with every example computed alone, through log_softmax and LibTorch's own
// autograd.
LossAndGradient Reference(Model model, std::span<const TrainingExample> examples, double z_loss) {
  model.weights = MapWeights(model.config, model.weights, MakeLeaf);
  at::Tensor sum = at::zeros({}, at::kDouble);
  double total_weight = 0.0;
  for (const TrainingExample& example : examples) {
    std::vector<int32_t> tokens = example.prompt_tokens;
    tokens.insert(tokens.end(), example.tokens.begin(), example.tokens.end());
    const auto rows = static_cast<int64_t>(tokens.size()) - 1;
    std::vector<int32_t> positions(static_cast<size_t>(rows));
    std::iota(positions.begin(), positions.end(), 0);
    const DecoderInput input =
        PadInput(std::span(tokens).first(static_cast<size_t>(rows)), positions);
    const auto segments =
        std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, rows, 0, 0});
    const at::Tensor hidden = DecoderHidden(model, input, PackedAttentionOf(model, segments));
    const at::Tensor logits =
        at::matmul(hidden, model.weights.output_embedding().dense.t()).to(at::kDouble);
    const at::Tensor lse = at::logsumexp(logits, -1);
    const auto count = static_cast<int64_t>(example.tokens.size());
    const double weight = example.weight / static_cast<double>(count);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = rows - count + i;
      const at::Tensor nll = lse[row] - logits[row][example.tokens[static_cast<size_t>(i)]];
      sum = sum + weight * (nll + z_loss * lse[row] * lse[row]);
      total_weight += weight;
    }
  }
  const at::Tensor loss = sum / total_weight;
  std::vector<at::Tensor> leaves;
  for (const Parameter& parameter : Parameters(model.config, model.weights))
    leaves.push_back(parameter.tensor);
  return {loss.item<double>(), GradientsOf(loss, leaves)};
}

void ExpectEqual(const LossAndGradient& actual,
                 const LossAndGradient& expected,
                 const std::string& what) {
  EXPECT_NEAR(actual.loss, expected.loss, 2e-6 * std::abs(expected.loss)) << what;
  ASSERT_EQ(actual.gradients.size(), expected.gradients.size());
  for (size_t i = 0; i < actual.gradients.size(); ++i) {
    // Float32 sums over a few hundred terms in another order.
    EXPECT_TRUE(Near(actual.gradients[i], expected.gradients[i], 2e-6))
        << what << ", parameter " << i;
  }
}

TEST(GradientComputer, EqualsEveryExampleAlone) {
  const Model model = TinyModel();
  const auto examples = TinyExamples();
  ExpectEqual(Compute(model, examples, /*micro_batch_tokens=*/1000, /*lanes=*/1),
              Reference(model, examples, 0.0),
              "plain");
  ExpectEqual(Compute(model, examples, 1000, 1, /*z_loss=*/0.01),
              Reference(model, examples, 0.01),
              "z-loss");
}

TEST(GradientComputer, DoesNotDependOnPackingMicroBatchesOrThreads) {
  const Model model = TinyModel();
  auto examples = TinyExamples();
  const LossAndGradient whole = Compute(model, examples, 1000, 1);
  for (const int64_t micro_batch : {1, 12, 17, 40, 90}) {
    for (const int64_t lanes : {1, 2, 3}) {
      ExpectEqual(
          Compute(model, examples, micro_batch, lanes),
          whole,
          "micro-batch " + std::to_string(micro_batch) + ", lanes " + std::to_string(lanes));
    }
  }
  std::reverse(examples.begin(), examples.end());
  ExpectEqual(Compute(model, examples, 33, 2), whole, "reversed");
}

TEST(GradientComputer, DeterministicIsTheSameUpToRounding) {
  const Model model = TinyModel();
  const auto examples = TinyExamples();
  ExpectEqual(Compute(model, examples, 40, 2, /*z_loss=*/0.01, /*deterministic=*/true),
              Compute(model, examples, 40, 2, 0.01),
              "deterministic");
}

TEST(GradientComputer, IsTheSameToTheBitEachTime) {
  const Model model = TinyModel();
  const auto examples = TinyExamples();
  const LossAndGradient first = Compute(model, examples, 20, 2);
  for (int i = 0; i < 5; ++i) {
    const LossAndGradient again = Compute(model, examples, 20, 2);
    ASSERT_EQ(again.loss, first.loss);
    for (size_t p = 0; p < first.gradients.size(); ++p)
      ASSERT_TRUE(at::equal(again.gradients[p], first.gradients[p]));
  }
}

TEST(GradientComputer, Bfloat16FollowsFloat32) {
  Model model = TinyModel();
  const auto examples = TinyExamples();
  const LossAndGradient wide = Compute(model, examples, 40, 2);
  model.weights = MapWeights(model.config, model.weights, [](const at::Tensor& t) {
    return t.dim() >= 2 ? t.to(at::kBFloat16) : t;
  });
  const LossAndGradient narrow = Compute(model, examples, 40, 2);
  EXPECT_NEAR(narrow.loss, wide.loss, 0.02 * wide.loss);
  for (size_t i = 0; i < wide.gradients.size(); ++i) {
    EXPECT_EQ(narrow.gradients[i].scalar_type(), at::kFloat);
    EXPECT_TRUE(Near(narrow.gradients[i], wide.gradients[i], 0.03)) << i;
  }
}

}  // namespace
}  // namespace restem
