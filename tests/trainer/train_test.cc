// The training loop: it learns, stops early with the best weights, and goes on after an
// interruption to the same bits.
#include "trainer/train.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"
#include "trainer/tiny_model.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using testing::TinyExamples;
using testing::TinyModel;

class TrainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    setup_.start = model_;
    setup_.examples = examples_;
    setup_.options.epochs = 6;
    setup_.options.tokens_per_step = 60;
    setup_.options.learning_rate = 5e-3;
    setup_.options.warmup_steps = 2;
    setup_.options.save_every = 3;
    setup_.options.eval_every = 4;
    setup_.seed = 9;
    setup_.lanes = 2;
    setup_.state_dir = testing::TestDir() + "/trainer";
    setup_.label = "test";
  }

  static bool same(const TrainResult& a, const TrainResult& b) {
    const Model model = TinyModel();
    for (const auto& [name, tensor] : Parameters(model.config, model.weights)) {
      const auto shape = tensor.sizes().vec();
      if (!at::equal(*a.parameter(name, shape), *b.parameter(name, shape))) return false;
    }
    return true;
  }

  Model model_ = TinyModel();
  std::vector<TrainingExample> examples_ = TinyExamples();
  TrainSetup setup_;
};

TEST_F(TrainTest, LearnsAndLeavesTheBaseAlone) {
  std::vector<double> losses;
  setup_.on_step = [&](const TrainStepEvent& event) {
    losses.push_back(event.loss);
    return absl::OkStatus();
  };
  const auto result = Train(setup_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(static_cast<int64_t>(losses.size()), result->steps);
  EXPECT_LT(losses.back(), 0.6 * losses.front());
  const auto before = Parameters(model_.config, TinyModel().weights);
  const auto after = Parameters(model_.config, model_.weights);
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(at::equal(before[i].tensor, after[i].tensor)) << before[i].name;
}

// Its packed matrices follow the weights.
TEST_F(TrainTest, ADeterministicTrainingIsTheSameUpToRounding) {
  std::vector<double> losses;
  setup_.on_step = [&](const TrainStepEvent& event) {
    losses.push_back(event.loss);
    return absl::OkStatus();
  };
  ASSERT_TRUE(Train(setup_).ok());
  const std::vector<double> plain = std::exchange(losses, {});
  setup_.deterministic = true;
  setup_.state_dir += "-deterministic";
  ASSERT_TRUE(Train(setup_).ok());
  ASSERT_EQ(losses.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(losses[i], plain[i], 1e-5 * plain[0]) << i;
}

TEST_F(TrainTest, AnInterruptedRunEndsInTheSameBits) {
  setup_.validate = [](const Model& model, int64_t) -> absl::StatusOr<double> {
    return -model.weights.norm.weight.sum()
                .item<double>();  // something that depends on the weights
  };
  setup_.options.patience = 100;
  const auto whole = Train(setup_);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_GT(whole->steps, 10);
  for (const int64_t fatal_step : {1, 3, 4, 8, 10}) {
    TrainSetup cut = setup_;
    cut.state_dir += "-cut" + std::to_string(fatal_step);
    cut.on_step = [&](const TrainStepEvent& event) {
      return event.step == fatal_step ? Failed("killed") : absl::OkStatus();
    };
    EXPECT_EQ(MessageOf(Train(cut).status()), "killed");
    cut.on_step = nullptr;
    const auto continued = Train(cut);
    ASSERT_TRUE(continued.ok()) << continued.status();
    EXPECT_TRUE(same(*continued, *whole)) << "killed at step " << fatal_step;
    EXPECT_EQ(continued->best_step, whole->best_step);
  }
}

// A stop in the middle of a validation loses no step and does not skip the validation.
TEST_F(TrainTest, AStopWhileValidatingIsMadeUpFor) {
  const auto by_weights = [](const Model& model, int64_t) -> absl::StatusOr<double> {
    return -model.weights.norm.weight.sum().item<double>();
  };
  setup_.options.eval_every = 4;
  setup_.options.save_every = 0;
  setup_.options.patience = 100;
  setup_.validate = by_weights;
  const auto whole = Train(setup_);
  ASSERT_TRUE(whole.ok()) << whole.status();
  TrainSetup cut = setup_;
  cut.state_dir += "-cut";
  cut.validate = [&](const Model& model, int64_t step) -> absl::StatusOr<double> {
    if (step == 8) return Stopped("a signal");
    return by_weights(model, step);
  };
  EXPECT_TRUE(absl::IsCancelled(Train(cut).status()));
  std::vector<int64_t> steps;
  cut.on_step = [&](const TrainStepEvent& event) {
    steps.push_back(event.step);
    return absl::OkStatus();
  };
  std::vector<int64_t> validated;
  cut.validate = [&](const Model& model, int64_t step) {
    validated.push_back(step);
    return by_weights(model, step);
  };
  const auto continued = Train(cut);
  ASSERT_TRUE(continued.ok()) << continued.status();
  EXPECT_EQ(steps.front(), 9);
  EXPECT_EQ(validated.front(), 8);
  EXPECT_TRUE(same(*continued, *whole));
}

TEST_F(TrainTest, EarlyStoppingKeepsTheBestWeights) {
  std::vector<double> scores = {0.2, 0.5, 0.4, 0.5, 0.3};
  setup_.options.eval_every = 2;
  setup_.options.patience = 2;
  setup_.validate = [&](const Model&, int64_t step) -> absl::StatusOr<double> {
    return scores.at(static_cast<size_t>(step / 2 - 1));
  };
  const auto result = Train(setup_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->best_step, 4);
  EXPECT_EQ(result->steps, 8);  // 0.4 and a second 0.5 are not better than 0.5
  TrainSetup four = setup_;
  four.state_dir += "-four";
  int64_t calls = 0;
  four.validate = [&](const Model&, int64_t) -> absl::StatusOr<double> {
    return calls++ < 2 ? static_cast<double>(calls) : 0.0;
  };
  EXPECT_TRUE(same(*Train(four), *result));
}

TEST_F(TrainTest, NoPatienceNeverStops) {
  setup_.options.eval_every = 2;
  setup_.options.patience = 0;
  setup_.validate = [](const Model&, int64_t step) -> absl::StatusOr<double> {
    return -static_cast<double>(step);
  };
  const auto result = Train(setup_);
  EXPECT_GT(result->steps, 10);
  EXPECT_EQ(result->best_step, 2);
}

TEST_F(TrainTest, ValidatesAtTheEndOfEachEpochWhereEvalEveryIsZero) {
  setup_.options.eval_every = 0;
  std::vector<int64_t> steps;
  setup_.validate = [&](const Model&, int64_t step) -> absl::StatusOr<double> {
    steps.push_back(step);
    return static_cast<double>(step);
  };
  const auto result = Train(setup_);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(steps.size(), 6U);
  EXPECT_EQ(steps.back(), result->steps);
  EXPECT_EQ(steps[1], 2 * steps[0]);
}

TEST_F(TrainTest, ALossThatIsNotFiniteNamesTheBatch) {
  setup_.start.weights.norm.weight = at::full({24}, INFINITY);
  const auto result = Train(setup_);
  EXPECT_THAT(std::string(MessageOf(result.status())), HasSubstr("training step 1 over samples p"));
  EXPECT_FALSE(absl::IsInvalidArgument(result.status()));
}

// A dataset is a file that anyone may have written.
TEST_F(TrainTest, ExamplesBeyondTheModelAreNamed) {
  auto examples = TinyExamples();
  const auto message = [&] {
    TrainSetup setup = setup_;
    setup.examples = examples;
    const absl::Status status = Train(setup).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    return std::string(MessageOf(status));
  };
  examples[1].tokens.push_back(static_cast<int32_t>(model_.config.vocab_size));
  EXPECT_THAT(message(), HasSubstr("is outside the vocabulary of"));
  examples[1].tokens.assign(static_cast<size_t>(model_.config.max_position_embeddings) + 1, 1);
  EXPECT_THAT(message(), HasSubstr("more than the model's context holds"));
}

TEST_F(TrainTest, NothingToTrainOnIsAnError) {
  setup_.examples = {};
  EXPECT_THAT(std::string(MessageOf(Train(setup_).status())), HasSubstr("nothing to train on"));
}

}  // namespace
}  // namespace restem
