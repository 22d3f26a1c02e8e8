// Checkpoints that are wrong are refused with the tensor named; right ones survive a round trip.
#include "model/checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "io/safetensors.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kConfig =
    R"({"model_type": "llama", "vocab_size": 16, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
        "num_attention_heads": 2, "max_position_embeddings": 32, "tie_word_embeddings": true, "torch_dtype": "float32"})";

DType TypeOf(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kFloat8_e4m3fn) return DType::kFloat8E4M3;
  return tensor.scalar_type() == at::kFloat ? DType::kFloat32 : DType::kFloat8E5M2;
}

// Views of contiguous tensors, which must outlive them.
std::vector<TensorView> ViewsOf(const std::vector<Parameter>& parameters) {
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : parameters) {
    views.push_back({name,
                     TypeOf(tensor),
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()}});
  }
  return views;
}

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TestDir() + "/base";
    ASSERT_TRUE(MakeDirs(dir_).ok());
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/config.json", kConfig).ok());
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/tokenizer.json", "{}").ok());
    model_ = *InitializeModel(dir_, /*seed=*/3);
  }

  // Writes the model's tensors after `change` has had a look at each.
  std::string error_after(const std::function<bool(std::string& name, at::Tensor& tensor)>& keep) {
    std::vector<Parameter> kept;
    for (Parameter parameter : Parameters(model_.config, model_.weights)) {
      if (keep(parameter.name, parameter.tensor)) kept.push_back(parameter);
    }
    for (Parameter& parameter : kept) parameter.tensor = parameter.tensor.contiguous();
    EXPECT_TRUE(WriteSafetensorsModel(dir_, ViewsOf(kept)).ok());
    return std::string(MessageOf(LoadModel(dir_, /*bfloat16=*/false).status()));
  }

  std::string dir_;
  Model model_;
};

TEST_F(CheckpointTest, RoundTripIsExactAndCarriesTheOtherFiles) {
  const std::string saved = dir_ + "-saved/checkpoint";
  ASSERT_TRUE(SaveModel(model_, /*bfloat16=*/false, saved).ok());
  const auto loaded = LoadModel(saved, /*bfloat16=*/false);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto before = Parameters(model_.config, model_.weights);
  const auto after = Parameters(loaded->config, loaded->weights);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(at::equal(before[i].tensor, after[i].tensor)) << before[i].name;
  EXPECT_EQ(*ReadFile(saved + "/tokenizer.json"), "{}");
}

TEST_F(CheckpointTest, Bfloat16IsAnnouncedInTheConfig) {
  const std::string saved = dir_ + "-saved/checkpoint";
  ASSERT_TRUE(SaveModel(model_, /*bfloat16=*/true, saved).ok());
  EXPECT_TRUE(LoadModel(saved, /*bfloat16=*/true)->config.stored_bfloat16);
}

TEST_F(CheckpointTest, AMissingTensorIsNamed) {
  EXPECT_THAT(
      error_after([](std::string& name, at::Tensor&) { return name != "model.norm.weight"; }),
      AllOf(HasSubstr(dir_), HasSubstr("model.norm.weight")));
}

TEST_F(CheckpointTest, AnExtraTensorIsNamed) {
  EXPECT_THAT(error_after([](std::string& name, at::Tensor&) {
                if (name == "model.norm.weight") name = "model.layers.0.self_attn.q_norm.weight";
                return true;
              }),
              HasSubstr("model.norm.weight"));
  // All that is needed is there, and one more.
  Model untied = model_;
  untied.weights.layers[0].q_bias = at::zeros({8});
  untied.config.qkv_bias = true;
  untied.weights.layers[0].k_bias = untied.weights.layers[0].v_bias = at::zeros({8});
  const std::string saved = dir_ + "-saved/checkpoint";
  ASSERT_TRUE(SaveModel(untied, /*bfloat16=*/false, saved).ok());
  EXPECT_THAT(std::string(MessageOf(LoadModel(saved, /*bfloat16=*/false).status())),
              HasSubstr("self_attn.k_proj.bias [8] is not part of a llama model"));
}

TEST_F(CheckpointTest, AWrongShapeIsNamedWithBothShapes) {
  EXPECT_THAT(error_after([](std::string& name, at::Tensor& tensor) {
                if (name == "model.layers.0.mlp.up_proj.weight") tensor = at::zeros({12, 9});
                return true;
              }),
              HasSubstr("tensor model.layers.0.mlp.up_proj.weight has shape [12, 9], config.json "
                        "implies [12, 8]"));
}

TEST_F(CheckpointTest, ATruncatedFileIsRefused) {
  const std::string saved = dir_ + "-saved/checkpoint";
  ASSERT_TRUE(SaveModel(model_, /*bfloat16=*/false, saved).ok());
  const std::string content = *ReadFile(saved + "/model.safetensors");
  ASSERT_TRUE(
      WriteFileAtomic(saved + "/model.safetensors", content.substr(0, content.size() - 100)).ok());
  EXPECT_THAT(std::string(MessageOf(LoadModel(saved, /*bfloat16=*/false).status())),
              HasSubstr("model.safetensors"));
}

TEST(InitialWeights, AreAFunctionOfTheSeedWithTheRightSpread) {
  ModelConfig config;
  config.vocab_size = 200;
  config.hidden_size = 100;
  config.intermediate_size = 10;
  config.num_hidden_layers = 1;
  config.num_attention_heads = config.num_key_value_heads = 2;
  config.head_dim = 50;
  config.tie_word_embeddings = true;
  const at::Tensor a = InitialWeights(config, 1).embed_tokens;
  EXPECT_TRUE(at::equal(a, InitialWeights(config, 1).embed_tokens));
  EXPECT_FALSE(at::equal(a, InitialWeights(config, 2).embed_tokens));
  EXPECT_NEAR(a.std().item<double>(), config.initializer_range, 0.02 * config.initializer_range);
  EXPECT_NEAR(a.mean().item<double>(), 0.0, 5.0 * config.initializer_range / std::sqrt(20000.0));
}

// transformers ties nothing then.
TEST_F(CheckpointTest, AnOutputMatrixThatIsNotTheEmbeddingIsNamed) {
  std::vector<Parameter> kept = Parameters(model_.config, model_.weights);
  kept.push_back({"lm_head.weight", model_.weights.embed_tokens});
  const auto message = [&] {
    EXPECT_TRUE(WriteSafetensorsModel(dir_, ViewsOf(kept)).ok());
    return std::string(MessageOf(LoadModel(dir_, /*bfloat16=*/false).status()));
  };
  EXPECT_EQ(message(), "");
  kept.back().tensor = kept.back().tensor + 1.0;
  EXPECT_THAT(message(), HasSubstr("lm_head.weight is not the embedding"));
}

// Weights as DeepSeek and Qwen publish them, and those of other tools.
TEST_F(CheckpointTest, EightBitWeightsAreReadAsWhatTheyStandFor) {
  struct Case {
    const char* quantization;
    std::vector<int64_t> blocks;  // of a scale: rows, columns; empty: one scale
    const char* scale;
    at::ScalarType type;
  };
  const Case cases[] = {
      {R"({"quant_method": "fp8", "weight_block_size": [5, 3]})",
       {5, 3},
       "_scale_inv",
       at::kFloat8_e4m3fn},
      {R"({"quant_method": "fbgemm_fp8"})", {1, 1000}, "_scale", at::kFloat8_e4m3fn},
      {R"({"quant_method": "compressed-tensors", "format": "float-quantized"})",
       {},
       "_scale",
       at::kFloat8_e5m2}};
  for (const Case& c : cases) {
    nlohmann::json config = nlohmann::json::parse(kConfig);
    config["quantization_config"] = nlohmann::json::parse(c.quantization);
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/config.json", config.dump()).ok());
    std::vector<Parameter> kept;
    std::map<std::string, at::Tensor> expected;
    for (const Parameter& parameter : Parameters(model_.config, model_.weights)) {
      if (!parameter.name.ends_with("_proj.weight")) {
        kept.push_back(parameter);
        continue;
      }
      const at::Tensor& w = parameter.tensor;
      const int64_t rows = c.blocks.empty() ? w.size(0) : std::min(c.blocks[0], w.size(0));
      const int64_t columns = c.blocks.empty() ? w.size(1) : std::min(c.blocks[1], w.size(1));
      const at::Tensor scale =
          at::rand({(w.size(0) + rows - 1) / rows, (w.size(1) + columns - 1) / columns}) + 0.5;
      const at::Tensor narrow = (w * 8.0).to(c.type);
      const at::Tensor spread = scale.repeat_interleave(rows, 0).repeat_interleave(columns, 1);
      expected[parameter.name] =
          narrow.to(at::kFloat) * spread.narrow(0, 0, w.size(0)).narrow(1, 0, w.size(1));
      kept.push_back({parameter.name, narrow});
      kept.push_back({parameter.name + c.scale, scale});
    }
    std::vector<TensorView> views = ViewsOf(kept);
    ASSERT_TRUE(WriteSafetensorsModel(dir_, views).ok());
    const auto loaded = LoadModel(dir_, /*bfloat16=*/false);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    for (const Parameter& parameter : Parameters(loaded->config, loaded->weights)) {
      const auto found = expected.find(parameter.name);
      if (found == expected.end()) continue;
      EXPECT_TRUE(at::equal(parameter.tensor, found->second)) << parameter.name;
    }
    const std::string saved = dir_ + "-saved";
    ASSERT_TRUE(SaveModel(*loaded, /*bfloat16=*/false, saved).ok());
    EXPECT_THAT(*ReadFile(saved + "/config.json"), ::testing::Not(HasSubstr("quantization")));
    EXPECT_TRUE(LoadModel(saved, /*bfloat16=*/false).ok());
    // A scale that is not there, and one of another shape.
    std::erase_if(views, [&](const TensorView& view) { return view.name.ends_with(c.scale); });
    ASSERT_TRUE(WriteSafetensorsModel(dir_, views).ok());
    EXPECT_THAT(std::string(MessageOf(LoadModel(dir_, false).status())),
                AllOf(HasSubstr("q_proj.weight"), HasSubstr("has no scale")));
  }
}

}  // namespace
}  // namespace restem
