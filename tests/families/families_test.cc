// Every model family against transformers: logits, greedy tokens, gradients, and checkpoints there
// and back.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "families/reference_models.h"
#include "model/checkpoint.h"
#include "model/packed_weights.h"
#include "model/score.h"
#include "sampler/batch_engine.h"
#include "support/python.h"
#include "support/tensor_compare.h"
#include "trainer/gradient.h"
#include "trainer/shared_gradient.h"

namespace restem {
namespace {

using nlohmann::json;
using testing::LogitsOf;
using testing::Near;
using testing::ReadJson;
using testing::ToTensor;

constexpr const char* kFamilies[] = {
    "llama-mha",     "llama-gqa-tied", "llama-biases", "llama-3.1",     "llama-linear",
    "llama-dynamic", "mistral",        "mistral-full", "qwen2-gqa",     "qwen2-tied",
    "qwen2-window",  "qwen2-yarn",     "qwen3",        "qwen3-moe",     "qwen3-moe-window",
    "mixtral",       "gemma2",         "gemma3",       "gemma3-scaled", "phi3",
    "phi3-longrope", "smollm3",        "olmo2",        "gpt2",          "gpt2-untied"};

class Families : public ::testing::TestWithParam<const char*> {
 protected:
  // All tests compare with the same models: transformers takes seconds to start.
  static void SetUpTestSuite() {
    if (!testing::Python()) return;
    root_ = testing::ReferenceModels();
    ASSERT_FALSE(root_.empty());
    for (const std::string name : kFamilies) {
      const auto model = LoadModel(root_ + "/" + name, /*bfloat16=*/false);
      ASSERT_TRUE(model.ok()) << model.status();
      const auto saved = SaveModel(*model, /*bfloat16=*/false, root_ + "/" + name + "/saved");
      ASSERT_TRUE(saved.ok()) << saved;
    }
    const auto loaded = testing::RunPython("families/reference.py", "read " + root_);
    ASSERT_EQ(loaded.exit_code, 0);
    logits_of_saved_ = json::parse(loaded.output);
  }

  void SetUp() override {
    RESTEM_REQUIRE_PYTHON();
    dir_ = root_ + "/" + GetParam();
    reference_ = ReadJson(dir_ + "/reference.json");
    auto model = LoadModel(dir_, /*bfloat16=*/false);
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  static inline std::string root_;
  static inline json logits_of_saved_;
  std::string dir_;
  json reference_;
  Model model_;
};

TEST_P(Families, LogitsAreThoseOfTransformers) {
  const at::Tensor logits = LogitsOf(model_, reference_["tokens"]);
  EXPECT_TRUE(Near(logits, ToTensor(reference_["logits"]), 1e-5));
}

TEST_P(Families, Bfloat16FollowsFloat32) {
  const auto narrow = LoadModel(dir_, /*bfloat16=*/true);
  const at::Tensor logits = LogitsOf(*narrow, reference_["tokens"]);
  const at::Tensor expected = ToTensor(reference_["logits"]);
  // 8 bits through 3 layers; where a router chooses otherwise, a row is another one.
  const double median = (logits - expected).abs().median().item<double>();
  EXPECT_LT(median, 0.05 * expected.abs().max().item<double>());
  EXPECT_GT(median, 1e-5);
}

// The engine, with pages, windows over them and a budget that cuts prompts into pieces.
TEST_P(Families, GreedyTokensOfTheEngineAreThoseOfTransformers) {
  const auto tokenizer = Tokenizer::load(root_);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::vector<SampleRequest> requests;
  for (const json& greedy : reference_["greedy"])
    requests.push_back({std::to_string(requests.size()), greedy["prompt"], {0}});
  SamplingParams params;
  params.temperature = 0.0;
  params.ignore_eos = true;
  params.max_new_tokens = static_cast<int64_t>(reference_["greedy"][0]["completion"].size());
  BatchEngine engine(model_, *tokenizer, {2, 14, std::nullopt});
  const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
    const json& expected = reference_["greedy"][std::stoul(sample.problem)]["completion"];
    EXPECT_EQ(sample.tokens, expected.get<std::vector<int32_t>>()) << "prompt " << sample.problem;
    return absl::OkStatus();
  });
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->samples, 3);
}

TEST_P(Families, LossAndGradientAreThoseOfTransformers) {
  const auto gradients = LoadModel(dir_ + "/gradient", /*bfloat16=*/false);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const std::vector<Parameter> expected = Parameters(gradients->config, gradients->weights);
  const std::vector<TrainingExample> batch = testing::ExamplesOf(reference_);
  std::vector<size_t> all(batch.size());
  std::iota(all.begin(), all.end(), 0);
  for (const bool deterministic : {false, true}) {
    GradientComputer computer(model_, /*lanes=*/2, /*z_loss=*/0.0, deterministic);
    const StepLoss loss = computer.compute(PackStep(batch, all, /*micro_batch_tokens=*/40));
    const double reference = reference_["loss"];
    EXPECT_NEAR(loss.loss, reference, 1e-5 * reference);
    ASSERT_EQ(computer.gradients().size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(Near(computer.gradients()[i], expected[i].tensor, 1e-4)) << expected[i].name;
    }
  }
}

// Layer by layer, with activations kept or computed again, by two ranks that have half of each
// layer, and on a GPU where there is one.
TEST_P(Families, LossAndGradientLayerByLayerAreThoseOfTransformers) {
  const auto gradients = LoadModel(dir_ + "/gradient", /*bfloat16=*/false);
  ASSERT_TRUE(gradients.ok()) << gradients.status();
  const std::vector<TrainingExample> batch = testing::ExamplesOf(reference_);
  std::vector<size_t> all(batch.size());
  std::iota(all.begin(), all.end(), 0);
  const auto batches = PackStep(batch, all, /*micro_batch_tokens=*/40);
  const double reference = reference_["loss"];
  struct Case {
    int64_t ranks;
    bool recompute;
    int64_t parts;
    at::Device device = at::kCPU;
  };
  std::vector<Case> cases = {{0, false, 1}, {0, true, 1}};
  if (PartConfig(model_.config, {0, 2}).ok()) cases.push_back({2, true, 2});
  if (at::hasCUDA()) cases.push_back({0, false, 1, {at::kCUDA, 0}});
  for (const Case& c : cases) {
    const testing::SharedGradient shared =
        testing::GradientOnRanks(model_,
                                 batches,
                                 c.ranks,
                                 {.recompute = c.recompute, .device = c.device},
                                 {.parts = c.parts, .lanes = c.device.is_cpu() ? 2 : 1});
    EXPECT_NEAR(shared.loss, reference, 1e-5 * reference);
    for (const Parameter& parameter : Parameters(gradients->config, gradients->weights))
      EXPECT_TRUE(Near(shared.gradients.at(parameter.name), parameter.tensor.reshape({-1}), 1e-4))
          << parameter.name << " in " << c.parts << " parts on " << c.device;
  }
}

// Samples have the log-probs of scoring, and with packed weights their bits.
TEST_P(Families, SampledLogprobsAreThoseOfScoring) {
  const auto tokenizer = Tokenizer::load(root_);
  const std::vector<int32_t> prompt = reference_["tokens"];
  const std::vector<SampleRequest> requests = {{"p", prompt, {0, 1, 2}}};
  SamplingParams params;
  params.max_new_tokens = 9;
  params.ignore_eos = true;
  Model packed = model_;
  packed.weights = PackedWeights(model_.config, model_.weights, /*keep_dense=*/true);
  BatchEngine engine(model_, *tokenizer, {1, 16, std::nullopt});
  const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
    const c10::InferenceMode inference;
    const std::vector<ScoreItem> items = {{prompt, sample.tokens}};
    EXPECT_EQ(ScoreCompletions(packed, items)[0].logprobs, sample.logprobs);
    return absl::OkStatus();
  });
  ASSERT_TRUE(stats.ok()) << stats.status();
}

TEST_P(Families, WhatIsSavedLoadsInTransformersUnchanged) {
  EXPECT_TRUE(Near(ToTensor(logits_of_saved_[GetParam()]), ToTensor(reference_["logits"]), 1e-6));
}

// config.json as transformers 4 wrote it.
TEST_P(Families, OldConfigsSayTheSame) {
  const auto old = ReadModelConfig(dir_ + "/old");
  ASSERT_TRUE(old.ok()) << old.status();
  const ModelConfig& config = model_.config;
  EXPECT_EQ(old->max_position_embeddings, config.max_position_embeddings);
  EXPECT_EQ(old->stored_bfloat16, config.stored_bfloat16);
  ASSERT_EQ(old->ropes.size(), config.ropes.size());
  for (size_t i = 0; i < config.ropes.size(); ++i) {
    EXPECT_EQ(old->ropes[i].frequencies, config.ropes[i].frequencies);
    EXPECT_EQ(old->ropes[i].factor, config.ropes[i].factor);
  }
}

std::string NameOf(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(kFamilies), NameOf);

}  // namespace
}  // namespace restem
