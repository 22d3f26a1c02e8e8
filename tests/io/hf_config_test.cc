#include "io/hf_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void Write(const std::string& path, const std::string& text) {
  ASSERT_TRUE(WriteFileAtomic(path, text).ok());
}

TEST(ReadHfConfig, ReadsBothFilesAndPrefersGenerationEos) {
  const std::string dir = testing::TestDir();
  Write(dir + "/config.json", R"({"hidden_size": 64, "eos_token_id": 2})");
  auto hf = ReadHfConfig(dir);
  ASSERT_TRUE(hf.ok());
  EXPECT_EQ(*GetInt(hf->config, "hidden_size"), 64);
  EXPECT_FALSE(hf->generation.has_value());
  EXPECT_THAT(*EosTokenIds(*hf), ElementsAre(2));

  Write(dir + "/generation_config.json", R"({"eos_token_id": [5, 6]})");
  EXPECT_THAT(*EosTokenIds(*ReadHfConfig(dir)), ElementsAre(5, 6));
  Write(dir + "/generation_config.json", R"({"eos_token_id": null})");
  EXPECT_THAT(*EosTokenIds(*ReadHfConfig(dir)), ElementsAre(2));
  Write(dir + "/config.json", "{}");
  EXPECT_THAT(*EosTokenIds(*ReadHfConfig(dir)), IsEmpty());
}

TEST(ReadHfConfig, NamesWhatIsWrong) {
  const std::string dir = testing::TestDir();
  EXPECT_EQ(MessageOf(ReadHfConfig(dir).status()),
            dir + " is not a model directory: it has no config.json");
  Write(dir + "/config.json", "{\n\"a\": }");
  EXPECT_THAT(std::string(MessageOf(ReadHfConfig(dir).status())), HasSubstr("config.json:2: "));
}

TEST(ReadHfConfig, ReadsAPublishedModel) {
  RESTEM_REQUIRE_DATA(data);
  const auto hf = ReadHfConfig(data + "/stories260K/hf");
  ASSERT_TRUE(hf.ok());
  EXPECT_EQ(*GetInt(hf->config, "vocab_size"), 512);
  EXPECT_EQ(EosTokenIds(*hf)->size(), 1U);
}

}  // namespace
}  // namespace restem
