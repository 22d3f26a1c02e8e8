// The decoder against transformers and against the published greedy text of stories260K.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/checkpoint.h"
#include "model/packed_forward.h"
#include "model/score.h"
#include "ops/linear.h"
#include "support/paths.h"
#include "support/python.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

nlohmann::json ReadJson(const std::string& path) {
  return nlohmann::json::parse(std::ifstream(path));
}

// Logits [tokens, vocab] behind each token.
at::Tensor LogitsOf(const Model& model, const std::vector<int32_t>& tokens) {
  const c10::InferenceMode inference;
  std::vector<int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto rows = static_cast<int64_t>(tokens.size());
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, rows, 0, 0});
  const at::Tensor hidden =
      DecoderHidden(model, PadInput(tokens, positions), PackedAttentionOf(model, segments));
  return Linear(hidden, model.weights.output_embedding(), {}).narrow(0, 0, rows).clone();
}

at::Tensor ToTensor(const nlohmann::json& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows)
    tensors.push_back(at::tensor(row.get<std::vector<double>>(), at::kDouble));
  return at::stack(tensors);
}

class ReferenceModels : public ::testing::Test {
 protected:
  // All tests compare with the same models: transformers takes seconds to start.
  static void SetUpTestSuite() {
    if (!testing::Python()) return;
    root_ = std::string(RESTEM_BINARY_DIR) + "/test-output/reference-models";
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    ASSERT_EQ(testing::RunPython("model/reference_models.py", "write " + root_).exit_code, 0);
  }
  static inline std::string root_;
};

constexpr const char* kModels[] = {
    "llama-mha", "llama-gqa-tied", "llama-biases", "qwen2-gqa", "qwen2-tied"};

TEST_F(ReferenceModels, LogitsEqualTransformers) {
  RESTEM_REQUIRE_PYTHON();
  for (const std::string name : kModels) {
    const auto model = LoadModel(root_ + "/" + name, /*bfloat16=*/false);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto reference = ReadJson(root_ + "/" + name + "/reference.json");
    const at::Tensor logits = LogitsOf(*model, reference["tokens"].get<std::vector<int32_t>>());
    EXPECT_TRUE(Near(logits, ToTensor(reference["logits"]), 1e-5)) << name;
  }
}

TEST_F(ReferenceModels, GreedyTokensEqualTransformers) {
  RESTEM_REQUIRE_PYTHON();
  for (const std::string name : kModels) {
    const auto model = LoadModel(root_ + "/" + name, /*bfloat16=*/false);
    ASSERT_TRUE(model.ok());
    const auto reference = ReadJson(root_ + "/" + name + "/reference.json");
    auto tokens = reference["tokens"].get<std::vector<int32_t>>();
    for (const int32_t expected : reference["greedy"]) {
      const at::Tensor logits = LogitsOf(*model, tokens);
      ASSERT_EQ(logits[-1].argmax().item<int64_t>(), expected) << name;
      tokens.push_back(expected);
    }
  }
}

TEST_F(ReferenceModels, WhatIsSavedLoadsInTransformersUnchanged) {
  RESTEM_REQUIRE_PYTHON();
  for (const std::string name : kModels) {
    const std::string saved = testing::TestDir() + "/" + name;
    const auto model = LoadModel(root_ + "/" + name, /*bfloat16=*/false);
    ASSERT_TRUE(SaveModel(*model, /*bfloat16=*/false, saved).ok());
    const auto loaded = testing::RunPython("model/reference_models.py", "read " + saved);
    ASSERT_EQ(loaded.exit_code, 0) << name;
    const auto reference = ReadJson(root_ + "/" + name + "/reference.json");
    EXPECT_TRUE(
        Near(ToTensor(nlohmann::json::parse(loaded.output)), ToTensor(reference["logits"]), 1e-6))
        << name;
  }
}

TEST_F(ReferenceModels, Bfloat16FollowsFloat32) {
  RESTEM_REQUIRE_PYTHON();
  const std::string dir = root_ + "/qwen2-gqa";
  const auto reference = ReadJson(dir + "/reference.json");
  const auto narrow = LoadModel(dir, /*bfloat16=*/true);
  const at::Tensor logits = LogitsOf(*narrow, reference["tokens"].get<std::vector<int32_t>>());
  EXPECT_TRUE(Near(logits, ToTensor(reference["logits"]), 0.1));  // 8 bits through 3 layers
  EXPECT_FALSE(Near(logits, ToTensor(reference["logits"]), 1e-5));
}

TEST(Stories260K, GreedyTextAndLogitsAreThePublishedOnes) {
  RESTEM_REQUIRE_DATA(data);
  const auto golden = ReadJson(data + "/stories260K/greedy_golden.json");
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto ids = golden["greedy_ids"].get<std::vector<int32_t>>();
  const at::Tensor logits = LogitsOf(*model, ids);  // causal: one pass shows every step's argmax
  for (size_t i = 0; i + 1 < ids.size(); ++i) {
    ASSERT_EQ(logits[static_cast<int64_t>(i)].argmax().item<int64_t>(), ids[i + 1])
        << "position " << i;
  }
  EXPECT_TRUE(Near(logits.narrow(0, 0, 4), ToTensor(golden["logits_first4"]), 1e-5));
}

TEST(Stories260K, ScoresAreLogSoftmaxOfTheLogits) {
  RESTEM_REQUIRE_DATA(data);
  const c10::InferenceMode inference;
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  const std::vector<int32_t> tokens = {1, 403, 407, 261, 378};
  const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + 2);
  const std::vector<int32_t> completion(tokens.begin() + 2, tokens.end());
  const at::Tensor log_p = at::log_softmax(LogitsOf(*model, tokens).to(at::kDouble), -1);
  // Between others, which must not matter.
  const std::vector<ScoreItem> items = {
      {completion, prompt}, {prompt, completion}, {completion, completion}};
  const Scored scored = ScoreCompletions(*model, items)[1];
  const std::vector<ScoreItem> alone = {items[1]};
  EXPECT_EQ(scored.logprobs, ScoreCompletions(*model, alone)[0].logprobs);
  for (size_t i = 0; i < completion.size(); ++i) {
    EXPECT_NEAR(
        scored.logprobs[i], log_p[static_cast<int64_t>(i) + 1][completion[i]].item<double>(), 1e-5);
  }
}

// One number among half a million, and of a token that no text here has.
TEST(Stories260K, AWeightThatIsNoNumberIsReported) {
  RESTEM_REQUIRE_DATA(data);
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  const int64_t last = model->config.vocab_size - 1;
  Model damaged = *model;
  damaged.weights = MapWeights(model->config, model->weights, [&](const at::Tensor& tensor) {
    at::Tensor copy = tensor.clone();
    if (copy.dim() == 2 && copy.size(0) == last + 1) copy[last][0] = NAN;
    return copy;
  });
  const std::vector<int32_t> prompt = {1, 403};
  const std::vector<int32_t> completion = {407, 261};
  const std::vector<ScoreItem> items = {{prompt, completion}};
  const auto ignore = [](size_t, const Scored&) {};
  EXPECT_TRUE(ScoreAll(*model, items, 1, ignore).ok());
  EXPECT_EQ(ScoreAll(damaged, items, 1, ignore), LogitsNotFinite());
}

}  // namespace
}  // namespace restem
