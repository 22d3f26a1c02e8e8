// Several ranks train a model as one process does: the loss curve and the weights, whatever the
// number of ranks and whoever went on after whom.
#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/paths.h"
#include "support/peers.h"
#include "support/tensor_compare.h"
#include "trainer/tiny_model.h"
#include "trainer/train.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using testing::InGroup;
using testing::Near;
using testing::TinyExamples;
using testing::UntiedModel;

class TrainTogether : public ::testing::Test {
 protected:
  struct Outcome {
    absl::Status status;
    std::vector<double> losses;
    std::map<std::string, at::Tensor> weights;
  };

  TrainSetup setup(const std::string& name) const {
    TrainSetup setup;
    setup.start = model_;
    setup.examples = examples_;
    setup.options.epochs = 8;
    setup.options.tokens_per_step = 60;
    setup.options.learning_rate = 5e-3;
    setup.options.warmup_steps = 2;
    setup.options.save_every = 3;
    setup.options.eval_every = 5;
    setup.options.patience = 100;
    setup.seed = 9;
    setup.state_dir = testing::TestDir() + "/" + name;
    setup.validate = [](const Model& model, int64_t) -> absl::StatusOr<double> {
      return -model.weights.norm.weight.sum().item<double>();
    };
    return setup;
  }

  // The leader's outcome.
  Outcome train(const TrainSetup& all, int64_t ranks) const {
    Outcome outcome;
    const auto run = [&](const std::shared_ptr<Group>& group) {
      TrainSetup own = all;
      own.group = group;
      const bool leads = group == nullptr || group->leads();
      if (!leads && !state_dir_of_others_.empty()) own.state_dir = state_dir_of_others_;
      own.on_step = [&](const TrainStepEvent& event) {
        outcome.losses.push_back(event.loss);
        return all.on_step ? all.on_step(event) : absl::OkStatus();
      };
      const Model start = own.start;
      const auto result = Train(std::move(own));
      if (!leads) return;
      outcome.status = result.status();
      if (!result.ok()) return;
      for (const auto& [name, tensor] : Parameters(start.config, start.weights))
        outcome.weights[name] = *result->parameter(name, tensor.sizes().vec());
    };
    if (ranks == 0) {
      run(nullptr);
    } else {
      InGroup(ranks, run);
    }
    return outcome;
  }

  // Sums in another order, over some twenty steps.
  static void expect_near(const Outcome& actual, const Outcome& expected, const std::string& what) {
    ASSERT_TRUE(actual.status.ok()) << actual.status;
    ASSERT_EQ(actual.weights.size(), expected.weights.size()) << what;
    for (const auto& [name, tensor] : expected.weights)
      EXPECT_TRUE(Near(actual.weights.at(name), tensor, 2e-5)) << what << ", " << name;
  }

  // A bias of keys changes no attention: its gradient is what rounding leaves, and AdamW makes
  // full steps of that.
  static Model without_biases() {
    Model model = UntiedModel();
    model.config.qkv_bias = false;
    model.weights = InitialWeights(model.config, /*seed=*/2);
    return model;
  }

  std::string state_dir_of_others_;  // empty: the leader's
  const Model model_ = without_biases();
  const std::vector<TrainingExample> examples_ = TinyExamples();
};

TEST_F(TrainTogether, LossesAndWeightsAreThoseOfOneProcess) {
  const Outcome one = train(setup("one"), 0);
  ASSERT_TRUE(one.status.ok()) << one.status;
  ASSERT_GT(one.losses.size(), 12U);
  struct Case {
    int64_t ranks;
    std::string sharding;
    int64_t parts = 1;
  };
  for (const auto& [ranks, sharding, parts] : {Case{1, "auto"},
                                               Case{2, "auto"},
                                               Case{2, "auto", 2},
                                               Case{2, "none"},
                                               Case{4, "auto"},
                                               Case{4, "auto", 2},
                                               Case{4, "none", 2},
                                               Case{4, "auto", 4}}) {
    {
      const std::string what = fmt::format("{} on {} in {}", sharding, ranks, parts);
      TrainSetup together = setup(what);
      together.options.sharding = sharding;
      together.options.tensor_parallel_size = parts;
      together.options.gradient_checkpointing = ranks == 2;
      const Outcome outcome = train(together, ranks);
      expect_near(outcome, one, what);
      ASSERT_EQ(outcome.losses.size(), one.losses.size());
      for (size_t i = 0; i < one.losses.size(); ++i)
        EXPECT_NEAR(outcome.losses[i], one.losses[i], 2e-6 * one.losses[0]) << what << " " << i;
    }
  }
}

// A checkpoint in bfloat16 is trained as its float32 values are.
TEST_F(TrainTogether, WeightsOfAnyDtypeAreTakenAsTheyAre) {
  TrainSetup stored = setup("stored");
  stored.start.weights = MapWeights(
      model_.config, model_.weights, [](const at::Tensor& t) { return t.to(at::kBFloat16); });
  TrainSetup widened = setup("widened");
  widened.start.weights = MapWeights(
      model_.config, stored.start.weights, [](const at::Tensor& t) { return t.to(at::kFloat); });
  for (const int64_t ranks : {0, 2}) {
    stored.state_dir += "x";
    widened.state_dir += "x";
    const Outcome a = train(stored, ranks);
    const Outcome b = train(widened, ranks);
    ASSERT_TRUE(a.status.ok() && b.status.ok()) << a.status << b.status;
    for (const auto& [name, tensor] : b.weights)
      EXPECT_TRUE(at::equal(a.weights.at(name), tensor)) << name;
  }
}

// With as many ranks as before to the bit; with others, and with another cut, up to rounding.
TEST_F(TrainTogether, AnInterruptedTrainingGoesOnWithAnyNumberOfRanks) {
  TrainSetup uncut = setup("whole");
  uncut.options.tensor_parallel_size = 2;
  const Outcome whole = train(uncut, 2);
  ASSERT_TRUE(whole.status.ok()) << whole.status;
  for (const int64_t ranks : {2, 3, 1, 0}) {
    TrainSetup cut = setup("cut" + std::to_string(ranks));
    cut.options.tensor_parallel_size = 2;
    cut.on_step = [&](const TrainStepEvent& event) {
      return event.step == 8 ? Failed("killed") : absl::OkStatus();
    };
    EXPECT_EQ(MessageOf(train(cut, 2).status), "killed");
    cut.on_step = nullptr;
    cut.options.tensor_parallel_size = ranks == 2 ? 2 : 1;
    const Outcome continued = train(cut, ranks);
    EXPECT_LT(continued.losses.size(), whole.losses.size()) << "it began anew";
    if (ranks != 2) {
      expect_near(continued, whole, std::to_string(ranks) + " ranks");
      continue;
    }
    ASSERT_TRUE(continued.status.ok()) << continued.status;
    for (const auto& [name, tensor] : whole.weights)
      EXPECT_TRUE(at::equal(continued.weights.at(name), tensor)) << name;
  }
}

// What one of them cannot write, none of them takes for written.
TEST_F(TrainTogether, ACheckpointThatARankCannotWriteStopsAll) {
  const TrainSetup blocked = setup("blocked");
  std::ofstream(blocked.state_dir + "-file") << "not a folder";
  state_dir_of_others_ = blocked.state_dir + "-file/trainer";
  const Outcome outcome = train(blocked, 2);
  EXPECT_THAT(std::string(MessageOf(outcome.status)), HasSubstr("blocked-file/trainer"));
  EXPECT_FALSE(std::filesystem::exists(blocked.state_dir + "/000001"));
}

// Two machines may have a folder of the same name each.
TEST_F(TrainTogether, ACheckpointThatIsNotInOnePlaceIsNotTakenForOne) {
  const TrainSetup apart = setup("apart");
  state_dir_of_others_ = apart.state_dir + "-elsewhere";
  const Outcome outcome = train(apart, 2);
  EXPECT_THAT(std::string(MessageOf(outcome.status)),
              HasSubstr("does not see what rank 1 has written there: it has to be in a file system "
                        "that all nodes share"));
  EXPECT_FALSE(std::filesystem::exists(apart.state_dir + "/000001"));
}

}  // namespace
}  // namespace restem
