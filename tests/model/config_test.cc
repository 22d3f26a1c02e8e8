// What config.json may say, and what is refused by name.
#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;

nlohmann::json GoodConfig() {
  return {{"model_type", "llama"},
          {"vocab_size", 256},
          {"hidden_size", 48},
          {"intermediate_size", 100},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", true},
          {"eos_token_id", {2, 5}},
          {"max_position_embeddings", 64}};
}

absl::StatusOr<ModelConfig> Read(const nlohmann::json& config) {
  const std::string dir = testing::TestDir();
  EXPECT_TRUE(WriteFileAtomic(dir + "/config.json", config.dump()).ok());
  return ReadModelConfig(dir);
}

std::string MessageFor(const char* key, const nlohmann::json& value) {
  nlohmann::json config = GoodConfig();
  config[key] = value;
  return std::string(MessageOf(Read(config).status()));
}

TEST(ModelConfig, ReadsSizesAndSeveralEosIds) {
  const auto config = Read(GoodConfig());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->head_dim, 12);
  EXPECT_EQ(config->eos_token_ids, (std::vector<int32_t>{2, 5}));
  EXPECT_TRUE(config->is_eos(5));
  EXPECT_FALSE(config->qkv_bias);
  // 256·48 + 2·(48 + 48·48 + 2·24·48 + 48·48 + 48 + 3·48·100) + 48
  EXPECT_EQ(config->parameter_count(), 55152);
}

TEST(ModelConfig, ReadsTheNewerRopeParameters) {
  nlohmann::json config = GoodConfig();
  config.erase("rope_theta");
  config["rope_parameters"] = {{"rope_theta", 50000.0}, {"rope_type", "default"}};
  EXPECT_EQ(Read(config)->rope_theta, 50000.0);
}

TEST(ModelConfig, UnknownArchitecturesAndFeaturesAreNamed) {
  EXPECT_THAT(MessageFor("model_type", "mamba"),
              HasSubstr("config.json: model_type: unknown architecture \"mamba\""));
  EXPECT_THAT(MessageFor("hidden_act", "gelu"),
              HasSubstr("hidden_act: \"gelu\" is not supported, must be silu"));
  EXPECT_THAT(MessageFor("rope_scaling", {{"rope_type", "yarn"}}),
              HasSubstr("type \"yarn\" is not supported"));
  EXPECT_THAT(MessageFor("use_sliding_window", true), HasSubstr("use_sliding_window"));
  EXPECT_THAT(MessageFor("quantization_config", {{"bits", 4}}), HasSubstr("quantization_config"));
  EXPECT_THAT(MessageFor("num_key_value_heads", 3),
              HasSubstr("3 must divide num_attention_heads, which is 4"));
  EXPECT_THAT(MessageFor("hidden_size", 0), HasSubstr("hidden_size: 0 is out of range"));
  EXPECT_THAT(MessageFor("hidden_size", "wide"), HasSubstr("hidden_size"));
}

TEST(ModelConfig, AMissingKeyIsNamed) {
  nlohmann::json config = GoodConfig();
  config.erase("vocab_size");
  EXPECT_THAT(std::string(MessageOf(Read(config).status())), HasSubstr("vocab_size"));
}

}  // namespace
}  // namespace restem
