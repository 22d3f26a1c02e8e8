// Training on a GPU against the same on the CPU: gradients, whole trainings, what is kept where. It
// skips where there is no GPU.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

#include "model/adapter.h"
#include "model/on_device.h"
#include "model/packed_forward.h"
#include "support/paths.h"
#include "support/require_gpu.h"
#include "support/tensor_compare.h"
#include "trainer/gradient.h"
#include "trainer/shared_gradient.h"
#include "trainer/tiny_model.h"
#include "trainer/train.h"

namespace restem {
namespace {

using testing::GradientOnRanks;
using testing::Near;
using testing::TinyExamples;
using testing::TinyModel;

const at::Device kGpu(at::kCUDA, 0);

// A shape that FlashAttention takes.
Model Aligned() {
  Model model = TinyModel();
  model.config.head_dim = 8;
  model.config.hidden_size = 32;
  model.config.ropes = {{RopeFrequencies(8, 10000.0)}};
  model.ropes = RopeTables(model.config);
  model.weights = InitialWeights(model.config, /*seed=*/3);
  return model;
}

class GpuTrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::FoundOrNotRequired(at::hasCUDA()))
      GTEST_SKIP() << "no CUDA device, or no CUDA build";
    std::vector<size_t> all(examples_.size());
    std::iota(all.begin(), all.end(), 0);
    batches_ = PackStep(examples_, all, /*micro_batch_tokens=*/60);
  }

  // float32: other orders of sums; bfloat16: its roundings, of which each device has its own.
  void expect_cpus_gradient(int64_t ranks, ShardedOptions options) const {
    const Model model = Aligned();
    const auto expected = GradientOnRanks(model, batches_, 0, {.z_loss = options.z_loss});
    options.device = kGpu;
    const auto actual = GradientOnRanks(model, batches_, ranks, options);
    const double tolerance = options.bfloat16 ? 3e-2 : 1e-5;
    EXPECT_NEAR(actual.loss, expected.loss, tolerance * expected.loss);
    for (const auto& [name, gradient] : expected.gradients)
      EXPECT_TRUE(Near(actual.gradients.at(name), gradient, tolerance)) << name;
  }

  std::vector<TrainingExample> examples_ = TinyExamples();
  std::vector<PackedBatch> batches_;
};

TEST_F(GpuTrainingTest, GradientIsThatOfTheCpu) {
  for (const bool bfloat16 : {false, true}) {
    for (const bool recompute : {false, true}) {
      for (const bool offload : {false, true}) {
        SCOPED_TRACE(::testing::Message() << bfloat16 << recompute << offload);
        expect_cpus_gradient(
            0, {.bfloat16 = bfloat16, .recompute = recompute, .z_loss = 0.01, .offload = offload});
      }
    }
  }
}

// What is summed over all ranks goes through NCCL.
TEST_F(GpuTrainingTest, GradientOfOneRank) {
  expect_cpus_gradient(1, {});
  expect_cpus_gradient(1, {.bfloat16 = true, .recompute = true});
}

TEST_F(GpuTrainingTest, ReplicatedGradientIsThatOfTheCpu) {
  const Model model = Aligned();
  GradientComputer on_cpu(model, 1, 0.0);
  GradientComputer on_gpu(ModelOn(model, kGpu), 1, 0.0);
  const double loss = on_cpu.compute(batches_).loss;
  EXPECT_NEAR(on_gpu.compute(batches_).loss, loss, 1e-5 * loss);
  for (size_t i = 0; i < on_cpu.gradients().size(); ++i)
    EXPECT_TRUE(Near(on_gpu.gradients()[i].cpu(), on_cpu.gradients()[i], 1e-5)) << i;
}

// The whole way, with checkpoints and validation in between; and stopped in the middle, what is
// trained first in the host's memory, then in the GPU's.
TEST_F(GpuTrainingTest, ATrainingEndsWithTheCpusWeights) {
  TrainSetup setup;
  setup.start = Aligned();
  setup.examples = examples_;
  setup.options.epochs = 3;
  setup.options.tokens_per_step = 60;
  setup.options.learning_rate = 5e-3;
  setup.options.save_every = 3;
  setup.options.eval_every = 4;
  setup.options.patience = 0;
  setup.seed = 9;
  setup.label = "test";
  int64_t steps = 0;
  setup.validate = [this](const Model& model, int64_t step) {
    const PackedBatch& batch = batches_.front();
    const at::Tensor hidden = PackedHidden(model, batch.tokens, batch.positions, batch.segments);
    EXPECT_TRUE(hidden.is_cpu() && at::isfinite(hidden).all().item<bool>());
    return static_cast<double>(step);
  };
  setup.state_dir = testing::TestDir() + "/cpu";
  const auto on_cpu = Train(setup);
  ASSERT_TRUE(on_cpu.ok()) << on_cpu.status();
  setup.device = kGpu;
  setup.state_dir = testing::TestDir() + "/gpu";
  const auto on_gpu = Train(setup);
  ASSERT_TRUE(on_gpu.ok()) << on_gpu.status();
  EXPECT_GT(on_gpu->peak_gpu_bytes, 0);
  setup.options.offload_optimizer = true;
  setup.state_dir = testing::TestDir() + "/stopped";
  setup.on_step = [&](const TrainStepEvent&) {
    return ++steps == 5 ? Failed("stopped here") : absl::OkStatus();
  };
  ASSERT_FALSE(Train(setup).ok());
  setup.options.offload_optimizer = false;
  const auto resumed = Train(setup);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  for (const auto& [name, tensor] : Parameters(setup.start.config, setup.start.weights)) {
    const auto shape = tensor.sizes().vec();
    EXPECT_TRUE(Near(*on_gpu->parameter(name, shape), *on_cpu->parameter(name, shape), 1e-3));
    EXPECT_TRUE(Near(*resumed->parameter(name, shape), *on_gpu->parameter(name, shape), 1e-5));
  }
}

// An adapter, with the same draws of dropout on both.
TEST_F(GpuTrainingTest, AnAdapterIsTrainedAsOnTheCpu) {
  TrainSetup setup;
  setup.start = Aligned();
  const LoraOptions options = {.r = 2, .lora_alpha = 4.0, .lora_dropout = 0.3};
  setup.start.weights.adapter = *NewAdapter(setup.start.config, options, /*seed=*/5, 1);
  AttachAdapter(setup.start.config, setup.start.weights);
  const auto before = TrainedParameters(setup.start.config, setup.start.weights);
  setup.examples = examples_;
  setup.options.epochs = 2;
  setup.options.tokens_per_step = 60;
  setup.options.micro_batch_tokens = 60;
  setup.options.learning_rate = 5e-3;
  setup.options.eval_every = 2;
  setup.label = "test";
  setup.validate = [this](const Model& model, int64_t step) {
    const PackedBatch& batch = batches_.front();
    EXPECT_TRUE(PackedHidden(model, batch.tokens, batch.positions, batch.segments).is_cpu());
    return static_cast<double>(step);
  };
  setup.state_dir = testing::TestDir() + "/cpu";
  const auto on_cpu = Train(setup);
  ASSERT_TRUE(on_cpu.ok()) << on_cpu.status();
  setup.device = kGpu;
  setup.state_dir = testing::TestDir() + "/gpu";
  const auto on_gpu = Train(setup);
  ASSERT_TRUE(on_gpu.ok()) << on_gpu.status();
  for (const auto& [name, tensor] : before) {
    const auto shape = tensor.sizes().vec();
    EXPECT_TRUE(Near(*on_gpu->parameter(name, shape), *on_cpu->parameter(name, shape), 1e-3))
        << name;
  }
}

}  // namespace
}  // namespace restem
