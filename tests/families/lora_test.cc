// Adapters against `peft`: logits, gradients, files there and back, sampling, dropout, training.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/file.h"
#include "families/reference_models.h"
#include "model/adapter.h"
#include "model/checkpoint.h"
#include "model/score.h"
#include "sampler/batch_engine.h"
#include "support/paths.h"
#include "support/python.h"
#include "support/tensor_compare.h"
#include "trainer/gradient.h"
#include "trainer/train.h"

namespace restem {
namespace {

using nlohmann::json;
using testing::ExamplesOf;
using ::testing::HasSubstr;
using testing::LogitsOf;
using testing::Near;
using testing::ReadJson;
using testing::ToTensor;

constexpr const char* kModels[] = {"llama-mha", "qwen3", "qwen3-moe", "gemma2", "phi3", "gpt2"};

// ReferenceModels() with adapters; empty where that failed.
const std::string& AdapterModels() {
  static const std::string root = [] {
    const std::string& models = testing::ReferenceModels();
    const bool written =
        !models.empty() &&
        testing::RunPython("families/lora_reference.py", "write " + models).exit_code == 0;
    return written ? models : "";
  }();
  return root;
}

class Lora : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    if (!testing::Python()) return;
    root_ = AdapterModels();
    ASSERT_FALSE(root_.empty());
    for (const std::string name : kModels) {
      const auto model = LoadModel(root_ + "/" + name + "/adapter", /*bfloat16=*/false);
      ASSERT_TRUE(model.ok()) << model.status();
      const auto saved =
          SaveModel(*model, /*bfloat16=*/false, root_ + "/" + name + "/adapter-saved");
      ASSERT_TRUE(saved.ok()) << saved;
    }
    const auto loaded = testing::RunPython("families/lora_reference.py", "read " + root_);
    ASSERT_EQ(loaded.exit_code, 0);
    logits_of_saved_ = json::parse(loaded.output);
  }

  void SetUp() override {
    RESTEM_REQUIRE_PYTHON();
    dir_ = root_ + "/" + GetParam();
    base_ = ReadJson(dir_ + "/reference.json");
    reference_ = ReadJson(dir_ + "/lora.json");
    auto model = LoadModel(dir_ + "/adapter", /*bfloat16=*/false);
    ASSERT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
  }

  GradientComputer gradient_of(const Model& model) const { return {model, /*lanes=*/2, 0.0}; }
  std::vector<PackedBatch> batches() const {
    std::vector<size_t> all(base_["examples"].size());
    std::iota(all.begin(), all.end(), 0);
    return PackStep(ExamplesOf(base_), all, /*micro_batch_tokens=*/40);
  }

  static inline std::string root_;
  static inline json logits_of_saved_;
  std::string dir_;
  json base_;
  json reference_;
  Model model_;
};

TEST_P(Lora, LogitsAreThoseOfPeft) {
  EXPECT_TRUE(Near(LogitsOf(model_, base_["tokens"]), ToTensor(reference_["logits"]), 1e-5));
  EXPECT_FALSE(Near(LogitsOf(model_, base_["tokens"]), ToTensor(base_["logits"]), 1e-2));
}

TEST_P(Lora, LossAndGradientAreThoseOfPeft) {
  GradientComputer computer(model_, /*lanes=*/2, /*z_loss=*/0.0);
  const double loss = computer.compute(batches()).loss;
  EXPECT_NEAR(loss, reference_["loss"].get<double>(), 1e-5 * loss);
  const std::vector<Parameter> trained = TrainedParameters(model_.config, model_.weights);
  ASSERT_EQ(trained.size(), reference_["gradient"].size());
  for (size_t i = 0; i < trained.size(); ++i) {
    const at::Tensor expected = ToTensor(reference_["gradient"][trained[i].name]);
    EXPECT_TRUE(Near(computer.gradients()[i], expected, 1e-4)) << trained[i].name;
  }
}

TEST_P(Lora, WhatIsSavedLoadsInPeftUnchanged) {
  EXPECT_TRUE(Near(ToTensor(logits_of_saved_[GetParam()]), ToTensor(reference_["logits"]), 1e-6));
}

// The engine multiplies by the merged weights.
TEST_P(Lora, SamplesAreThoseOfTheAdaptedModel) {
  const auto tokenizer = Tokenizer::load(root_);
  const std::vector<int32_t> prompt = base_["tokens"];
  const std::vector<SampleRequest> requests = {{"p", prompt, {0, 1}}};
  SamplingParams params;
  params.max_new_tokens = 9;
  params.ignore_eos = true;
  BatchEngine engine(model_, *tokenizer, {1, 16, std::nullopt});
  const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
    const c10::InferenceMode inference;
    const std::vector<ScoreItem> items = {{prompt, sample.tokens}};
    const std::vector<float> scored = ScoreCompletions(model_, items)[0].logprobs;
    for (size_t i = 0; i < scored.size(); ++i)
      EXPECT_NEAR(scored[i], sample.logprobs[i], 1e-4) << i;
    return absl::OkStatus();
  });
  ASSERT_TRUE(stats.ok()) << stats.status();
}

TEST_P(Lora, ANewAdapterChangesNothingAndTrainingOnlyIt) {
  auto base = LoadModel(dir_, /*bfloat16=*/false);
  const at::Tensor before = LogitsOf(*base, base_["tokens"]);
  auto adapter = NewAdapter(base->config, {}, /*seed=*/1, /*iteration=*/1);
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  base->weights.adapter = *std::move(adapter);
  AttachAdapter(base->config, base->weights);
  EXPECT_TRUE(at::equal(LogitsOf(*base, base_["tokens"]), before));
  const auto kept = Parameters(
      base->config,
      MapWeights(base->config, base->weights, [](const at::Tensor& t) { return t.clone(); }));

  const std::vector<TrainingExample> examples = ExamplesOf(base_);
  TrainSetup setup;
  setup.start = *base;
  setup.examples = examples;
  setup.options.max_steps = 12;
  setup.options.learning_rate = 3e-2;
  setup.options.lr_scheduler_type = "constant";
  setup.options.warmup_steps = 0;
  setup.state_dir = testing::TestDir() + "/" + GetParam();
  std::vector<double> losses;
  setup.on_step = [&](const TrainStepEvent& event) {
    losses.push_back(event.loss);
    return absl::OkStatus();
  };
  const auto trained = Train(setup);
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_LT(losses.back(), 0.8 * losses.front());
  const auto after = Parameters(base->config, base->weights);
  for (size_t i = 0; i < kept.size(); ++i)
    EXPECT_TRUE(at::equal(after[i].tensor, kept[i].tensor)) << kept[i].name;
}

TEST_P(Lora, DropoutIsAFunctionOfItsKeyAndLeavesTheMean) {
  for (AdapterModule& module : model_.weights.adapter) module.dropout = 0.5;
  AttachAdapter(model_.config, model_.weights);
  const double plain = gradient_of(model_).compute(batches()).loss;
  EXPECT_NEAR(plain, reference_["loss"].get<double>(), 1e-5 * plain);  // none without a key
  GradientComputer computer(model_, /*lanes=*/2, /*z_loss=*/0.0);
  computer.set_dropout(/*seed=*/7, /*iteration=*/1);
  const double first = computer.compute(batches(), /*step=*/0).loss;
  EXPECT_NE(first, plain);
  EXPECT_NE(computer.compute(batches(), /*step=*/1).loss, first);
  EXPECT_EQ(computer.compute(batches(), /*step=*/0).loss, first);
}

INSTANTIATE_TEST_SUITE_P(Models, Lora, ::testing::ValuesIn(kModels));

TEST(LoraErrors, AreNamed) {
  RESTEM_REQUIRE_PYTHON();
  const std::string base = AdapterModels() + "/qwen3-moe";
  const auto config = ReadModelConfig(base);
  ASSERT_TRUE(config.ok());
  const auto missing = NewAdapter(*config, {.target_modules = {"c_attn"}}, 0, 0);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("no linear layer \"c_attn\"; it has down_proj, gate_proj, k_proj"));
  const std::string dir = testing::TestDir();
  const auto message = [&](const json& changes) {
    std::filesystem::copy(base + "/adapter", dir + "/a", std::filesystem::copy_options::recursive);
    json written = ReadJson(dir + "/a/adapter_config.json");
    written.update(changes);
    EXPECT_TRUE(WriteFileAtomic(dir + "/a/adapter_config.json", written.dump()).ok());
    const auto loaded = LoadModel(dir + "/a", /*bfloat16=*/false);
    std::filesystem::remove_all(dir + "/a");
    return std::string(loaded.status().message());
  };
  EXPECT_EQ(message(json::object()), "");
  EXPECT_THAT(message({{"use_dora", true}}), HasSubstr("use_dora: true is not supported"));
  EXPECT_THAT(message({{"modules_to_save", {"lm_head"}}}), HasSubstr("modules_to_save"));
  EXPECT_THAT(message({{"peft_type", "IA3"}}), HasSubstr("must be LORA"));
  EXPECT_THAT(message({{"base_model_name_or_path", "org/model"}}),
              HasSubstr("\"org/model\" is not a folder here"));
  // The adapter of another model.
  EXPECT_THAT(message({{"base_model_name_or_path", AdapterModels() + "/llama-mha"}}),
              HasSubstr("must be [r, 48] and [48, r]"));
  EXPECT_THAT(message({{"init_lora_weights", "pissa"}}),
              HasSubstr("init_lora_weights: \"pissa\" is not supported"));
}

}  // namespace
}  // namespace restem
