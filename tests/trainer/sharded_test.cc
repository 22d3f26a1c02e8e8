// A model shared out among ranks has the gradient of one that is in one piece, however it is laid
// out.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "support/peers.h"
#include "support/tensor_compare.h"
#include "trainer/gradient.h"
#include "trainer/parameter_run.h"
#include "trainer/shared_gradient.h"
#include "trainer/tiny_model.h"

namespace restem {
namespace {

using testing::GradientOnRanks;
using testing::InGroup;
using testing::Near;
using testing::OnRanks;
using testing::SharedGradient;
using testing::TinyExamples;
using testing::TinyModel;
using testing::UntiedModel;

std::vector<PackedBatch> Batches(std::span<const TrainingExample> examples) {
  std::vector<size_t> all(examples.size());
  std::iota(all.begin(), all.end(), 0);
  return PackStep(examples, all, /*micro_batch_tokens=*/30);
}

void ExpectGradient(const Model& model,
                    int64_t ranks,
                    const ShardedOptions& options,
                    const MeshOptions& layout) {
  const auto examples = TinyExamples();
  GradientComputer whole(model, /*lanes=*/1, options.z_loss);
  const StepLoss expected = whole.compute(Batches(examples));
  const auto parameters = Parameters(model.config, model.weights);
  const SharedGradient shared = GradientOnRanks(model, Batches(examples), ranks, options, layout);
  // Rounded weights and rows give the gradient of another model, nearby: 2^-8 of each factor.
  const double tolerance = options.bfloat16 ? 0.05 : 2e-6;
  EXPECT_NEAR(shared.loss, expected.loss, tolerance * expected.loss);
  for (size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(
        Near(shared.gradients.at(parameters[i].name), whole.gradients()[i].view({-1}), tolerance))
        << parameters[i].name << " of " << ranks << " ranks, " << layout.parts << " parts, "
        << layout.sharding;
  }
}

TEST(ShardedModel, HasTheGradientOfTheWholeModel) {
  for (const Model& model : {TinyModel(), UntiedModel()}) {
    for (const int64_t ranks : {1, 2, 3, 5}) {
      for (const bool recompute : {false, true})
        ExpectGradient(model, ranks, {.recompute = recompute}, {.lanes = 1 + ranks % 2});
    }
    ExpectGradient(model, 2, {.z_loss = 0.01}, {.sharding = "none"});
    ExpectGradient(model, 2, {.bfloat16 = true, .recompute = true}, {});
    ExpectGradient(model, 4, {}, {.sharding = "node"});
    ExpectGradient(model, 3, {}, {.sharding = "node"});  // two on a node, one on another
  }
}

// Heads, columns and vocabulary cut in two: alone, with shards, with shards of a node, replicated.
TEST(ShardedModel, InPartsHasTheGradientOfTheWholeModel) {
  for (const Model& model : {TinyModel(), UntiedModel()}) {
    ExpectGradient(model, 2, {.z_loss = 0.01}, {.parts = 2, .lanes = 2});
    ExpectGradient(model, 2, {.bfloat16 = true}, {.parts = 2});
    ExpectGradient(model, 6, {.recompute = true}, {.parts = 2});
    ExpectGradient(model, 4, {}, {.parts = 2, .sharding = "none"});
    ExpectGradient(model, 8, {}, {.parts = 2, .sharding = "node"});
    // More parts than keys have heads.
    ExpectGradient(model, 4, {}, {.parts = 4});
  }
  Model one_key_head = TinyModel();
  one_key_head.config.num_key_value_heads = 1;
  one_key_head.weights = InitialWeights(one_key_head.config, /*seed=*/3);
  ExpectGradient(one_key_head, 4, {}, {.parts = 2});
}

TEST(ShardedModel, EachRankKeepsItsPart) {
  const Model model = TinyModel();
  int64_t matrices = 0;
  int64_t vectors = 0;
  for (const Parameter& parameter : Parameters(model.config, model.weights))
    (parameter.tensor.dim() >= 2 ? matrices : vectors) += parameter.tensor.numel();
  for (const int64_t parts : {1, 2}) {
    OnRanks(model, 4, {}, {.parts = parts}, [&](const ShardedModel& sharded, const Mesh&) {
      int64_t kept = 0;
      for (const TrainedSlice& slice : sharded.slices()) kept += slice.values.numel();
      // A unit's last run may be shorter by less than a row of ranks; of vectors some are cut, too.
      EXPECT_LE(kept, matrices / 4 + vectors + 4 * 3);
      EXPECT_GE(kept, matrices / 4 + vectors / parts - 4 * 3);
    });
  }
}

TEST(ShardedModel, GivesTheLeaderTheWhole) {
  const Model model = UntiedModel();
  for (const auto& [ranks, parts] :
       {std::pair(3, 1), std::pair(2, 2), std::pair(4, 2), std::pair(4, 4)}) {
    OnRanks(model, ranks, {}, {.parts = parts}, [&](ShardedModel& sharded, const Mesh& mesh) {
      const auto whole = sharded.whole();
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_EQ(whole->weights.embed_tokens.defined(), mesh.leads());
      if (!mesh.leads()) return;
      const auto expected = Parameters(model.config, model.weights);
      const auto actual = Parameters(model.config, whole->weights);
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(at::equal(actual[i].tensor, expected[i].tensor)) << expected[i].name;
    });
  }
}

// The message of laying ranks out like that.
std::string Refusal(const Model& model, int64_t ranks, const MeshOptions& layout) {
  std::string message;
  InGroup(ranks, [&](const std::shared_ptr<Group>& group) {
    MeshOptions own = layout;
    own.node = group->rank() < 1 ? "a" : "b";
    auto mesh = FormMesh(group, own);
    const absl::Status status =
        mesh.ok() ? ShardedModel::make(model, {}, *mesh).status() : mesh.status();
    if (group->leads()) message = std::string(MessageOf(status));
  });
  return message;
}

TEST(ShardedModel, SaysWhyItCannotBeShared) {
  EXPECT_EQ(Refusal(TinyModel(), 3, {.parts = 2}),
            "train.tensor_parallel_size 2 needs a multiple of as many ranks, not 3");
  EXPECT_EQ(
      Refusal(TinyModel(), 3, {.parts = 3}),
      "a qwen2 model cannot be cut into 3 parts: its num_attention_heads 4 is not a multiple");
}

TEST(CopyRun, CopiesWhatTwoRunsHaveInCommon) {
  // A parameter of 4 rows and 6 columns, whose elements are their numbers.
  const auto elements = [](const ParameterRun& run, int64_t count) {
    std::vector<float> values;
    for (int64_t i = run.begin; i < run.begin + count; ++i) {
      const Columns& c = run.columns;
      const int64_t n = c.width == 0 ? i : i / c.count * c.width + c.first + i % c.count;
      values.push_back(static_cast<float>(n));
    }
    return values;
  };
  const std::vector<Columns> cuts = {{}, {0, 3, 6}, {3, 3, 6}, {2, 2, 6}};
  for (const Columns& from : cuts) {
    for (const Columns& to : cuts) {
      for (const int64_t begin : {0, 1, 4}) {
        const ParameterRun source = {"w", begin, from};
        const ParameterRun target = {"w", 2, to};
        const std::vector<float> values = elements(source, 5);
        const std::vector<float> wanted = elements(target, 6);
        std::vector<float> expected(wanted.size(), -1.0F);
        int64_t common = 0;
        for (size_t i = 0; i < wanted.size(); ++i) {
          if (std::ranges::find(values, wanted[i]) == values.end()) continue;
          expected[i] = wanted[i];
          ++common;
        }
        std::vector<float> actual(wanted.size(), -1.0F);
        EXPECT_EQ(CopyRun(source, values, target, actual), common);
        EXPECT_EQ(actual, expected);
      }
    }
  }
}

}  // namespace
}  // namespace restem
