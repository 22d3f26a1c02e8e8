#include "io/json_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string ErrorOf(const absl::Status& status) { return std::string(MessageOf(status)); }

TEST(ParseJson, NamesTheLine) {
  const auto value = ParseJson("{\n  \"a\": 1,\n  \"b\": oops\n}", "job.json");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ErrorOf(value.status()), HasSubstr("job.json:3: not valid JSON: column"));
}

TEST(ParseJson, CountsFromTheLineGiven) {
  EXPECT_THAT(ErrorOf(ParseJson("{", "f", 17).status()), HasSubstr("f:17: not valid JSON"));
  EXPECT_THAT(ErrorOf(ParseJson("", "f", 17).status()), HasSubstr("f:17: not valid JSON"));
}

TEST(ParseJson, RefusesInvalidUtf8AndHugeNumbers) {
  EXPECT_FALSE(ParseJson("\"\xff\"", "f").ok());
  EXPECT_FALSE(ParseJson("1e999", "f").ok());
}

TEST(ParseJson, RefusesDeepNesting) {
  EXPECT_TRUE(ParseJson(std::string(500, '[') + std::string(500, ']'), "f").ok());
  const auto deep = ParseJson(std::string(200000, '[') + std::string(200000, ']'), "f");
  EXPECT_THAT(ErrorOf(deep.status()), HasSubstr("nested deeper than 500"));
  EXPECT_TRUE(ParseJson(fmt::format("\"{}\\\"\"", std::string(1000, '[')), "f").ok());
}

class Getters : public ::testing::Test {
 protected:
  const JsonFile file_{
      "m/config.json",
      nlohmann::json::parse(R"({"i": 7, "r": 2.5, "whole": 3.0, "big": 18446744073709551615,
                         "b": true, "t": "x", "n": null, "list": [1, 2], "mixed": [1, "x"],
                         "names": ["a", "b"], "rope": {"factor": 8.0, "type": "llama3"}})")};
};

TEST_F(Getters, ReadTheirType) {
  EXPECT_EQ(*GetInt(file_, "i"), 7);
  EXPECT_EQ(*GetInt(file_, "whole"), 3);
  EXPECT_EQ(*GetReal(file_, "i"), 7.0);
  EXPECT_EQ(*GetReal(file_, "rope.factor"), 8.0);
  EXPECT_EQ(*GetBool(file_, "b"), true);
  EXPECT_EQ(*GetText(file_, "rope.type"), "llama3");
  EXPECT_THAT(*GetInts(file_, "list"), ElementsAre(1, 2));
  EXPECT_THAT(*GetInts(file_, "i"), ElementsAre(7));
  EXPECT_THAT(*GetTexts(file_, "names"), ElementsAre("a", "b"));
}

TEST_F(Getters, FallBackOnlyWhereAbsentOrNull) {
  EXPECT_EQ(*GetIntOr(file_, "absent", 5), 5);
  EXPECT_EQ(*GetRealOr(file_, "n", 0.5), 0.5);
  EXPECT_EQ(*GetTextOr(file_, "rope.absent", "d"), "d");
  EXPECT_EQ(*GetBoolOr(file_, "b", false), true);
  EXPECT_FALSE(GetIntOr(file_, "t", 5).ok());
}

TEST_F(Getters, NameFileKeyAndType) {
  EXPECT_EQ(ErrorOf(GetInt(file_, "absent").status()),
            "m/config.json: \"absent\" is missing: it must be an integer");
  EXPECT_EQ(ErrorOf(GetInt(file_, "t").status()),
            "m/config.json: \"t\" must be an integer, but is text");
  EXPECT_EQ(ErrorOf(GetInt(file_, "r").status()),
            "m/config.json: \"r\" must be an integer, but is a number");
  EXPECT_FALSE(GetInt(file_, "big").ok());
  EXPECT_THAT(ErrorOf(GetBool(file_, "i").status()), EndsWith("true or false, but is an integer"));
  EXPECT_THAT(ErrorOf(GetInts(file_, "mixed").status()), EndsWith("but is text"));
  EXPECT_FALSE(GetText(file_, "t.deeper").ok());
}

TEST(ReadJsonFile, RefusesWhatIsNoObject) {
  const std::string path = testing::TestDir() + "/a.json";
  ASSERT_TRUE(WriteFileAtomic(path, "[1]").ok());
  EXPECT_EQ(ErrorOf(ReadJsonFile(path).status()), path + ": must hold an object, but holds a list");
  EXPECT_THAT(ErrorOf(ReadJsonFile(path + "x").status()), HasSubstr("No such file"));
}

TEST(WriteJsonFile, RoundTrips) {
  const std::string path = testing::TestDir() + "/a.json";
  const nlohmann::json value = {{"b", 1}, {"a", {1.5, "é"}}};
  ASSERT_TRUE(WriteJsonFile(path, value).ok());
  EXPECT_EQ(ReadJsonFile(path)->value, value);
  EXPECT_THAT(*ReadFile(path), EndsWith("}\n"));
}

}  // namespace
}  // namespace restem
