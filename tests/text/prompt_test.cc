#include "text/prompt.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "config/read.h"
#include "support/paths.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

absl::StatusOr<std::string> Render(const std::string& source, const json& fields) {
  PromptOptions options;
  options.template_text = source;
  const auto prompt = PromptTemplate::make(options);
  if (!prompt.ok()) return prompt.status();
  return prompt->render(fields, "svamp:7");
}

std::string MustRender(const std::string& source, const json& fields) {
  const auto text = Render(source, fields);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

std::string ErrorOf(const std::string& source, const json& fields) {
  const auto text = Render(source, fields);
  EXPECT_FALSE(text.ok());
  EXPECT_EQ(text.status().code(), InvalidInput("").code());
  return std::string(MessageOf(text.status()));
}

TEST(PromptTest, FillsInFields) {
  EXPECT_EQ(MustRender("Q: {question}\nA:", {{"question", "1 + {1}?"}}), "Q: 1 + {1}?\nA:");
  EXPECT_EQ(MustRender("{a}{b}{a}", {{"a", "x"}, {"b", ""}}), "xx");
  EXPECT_EQ(MustRender("no field", json::object()), "no field");
  EXPECT_EQ(MustRender("{{{a}}} {{}}", {{"a", 1}}), "{1} {}");
  EXPECT_EQ(MustRender("{a b-c}", {{"a b-c", "odd name"}}), "odd name");
}

TEST(PromptTest, NumbersAndOtherValues) {
  EXPECT_EQ(MustRender("{n}", {{"n", 12}}), "12");
  EXPECT_EQ(MustRender("{n}", {{"n", 12.0}}), "12");
  EXPECT_EQ(MustRender("{n}", {{"n", -0.5}}), "-0.5");
  EXPECT_EQ(MustRender("{n}", {{"n", 0.1}}), "0.1");
  EXPECT_EQ(MustRender("{n}", {{"n", 18446744073709551615ull}}), "18446744073709551615");
  EXPECT_EQ(MustRender("{n}", {{"n", -3000000.0}}), "-3000000");
  EXPECT_EQ(MustRender("{n}", {{"n", 1e300}}), "1e+300");
  EXPECT_EQ(MustRender("{n}", {{"n", true}}), "true");
  EXPECT_EQ(MustRender("{n}", {{"n", {1, "é"}}}), "[1,\"é\"]");
}

TEST(PromptTest, UnknownFieldNamesFieldAndProblem) {
  EXPECT_THAT(
      ErrorOf("{qestion}", {{"id", "1"}, {"question", "?"}}),
      AllOf(HasSubstr("problem svamp:7"), HasSubstr("\"qestion\""), HasSubstr("id, question")));
  EXPECT_THAT(ErrorOf("{a}", {{"a", nullptr}}),
              AllOf(HasSubstr("problem svamp:7"), HasSubstr("\"a\", which is null")));
}

TEST(PromptTest, MalformedTemplates) {
  EXPECT_THAT(ErrorOf("ab {x", {}), HasSubstr("{ at character 4"));
  EXPECT_THAT(ErrorOf("{}", {}), HasSubstr("{ at character 1"));
  EXPECT_THAT(ErrorOf("{a{b}}", {}), HasSubstr("{ at character 1"));
  EXPECT_THAT(ErrorOf("a }", {}), HasSubstr("} without its { at character 3"));
}

TEST(PromptTest, FewShotTextGoesBeforeAsItIs) {
  PromptOptions options;
  options.few_shot = testing::TestDir() + "/shots.txt";
  ASSERT_TRUE(WriteFileAtomic(options.few_shot, "Q: {not a field}\r\nA: 1\n\n").ok());
  const auto prompt = PromptTemplate::make(options);
  ASSERT_TRUE(prompt.ok()) << prompt.status();
  EXPECT_EQ(*prompt->render({{"question", "2"}}, "p"), "Q: {not a field}\r\nA: 1\n\nQ: 2\nA:");
  options.few_shot += ".missing";
  EXPECT_THAT(
      std::string(MessageOf(PromptTemplate::make(options).status())),
      AllOf(
          HasSubstr("prompt.few_shot"), HasSubstr("shots.txt.missing"), HasSubstr("no such file")));
}

TEST(PromptTest, ChatIsRefused) {
  PromptOptions options;
  options.chat = true;
  EXPECT_THAT(std::string(MessageOf(PromptTemplate::make(options).status())),
              HasSubstr("prompt.chat: not supported yet"));
}

absl::Status Read(std::string_view yaml, PromptOptions& options) {
  return config::ReadYaml({yaml, "job.yaml", "/jobs"}, {}, options);
}

TEST(PromptOptionsTest, ReadsAJobsSection) {
  PromptOptions options;
  const absl::Status read = Read("template: \"P: {question}\"\nfew_shot: shots.txt\n", options);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(options.template_text, "P: {question}");
  EXPECT_EQ(options.few_shot, "/jobs/shots.txt");
  EXPECT_FALSE(options.chat);
}

TEST(PromptOptionsTest, ComplainsWithTheLine) {
  PromptOptions options;
  const std::string message(MessageOf(Read("template: \"{question\"\nchat: true\n", options)));
  EXPECT_THAT(
      message,
      AllOf(HasSubstr("job.yaml:1: template"), HasSubstr("job.yaml:2: chat: not supported yet")));
}

}  // namespace
}  // namespace restem
