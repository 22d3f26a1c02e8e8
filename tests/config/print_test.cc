#include "config/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/describe.h"
#include "sample_options.h"

namespace restem::config {
namespace {

std::string Print(SampleOptions options) {
  return PrintYaml([&options](Fields& f) { options.visit(f); });
}

SampleOptions Rich() {
  SampleOptions options;
  options.name = "yes";
  options.quick = true;
  options.temperature = 1.0 / 3.0;
  options.device = "cpu";
  options.folder = "/a b/${c}/#d";
  options.threads = 3;
  options.memory = 4000000000;
  options.stop = {
      "\n\n", "", "5", "null", "a: b", "- x", "\x01\u00e9\u2028", "plain", "it's \"q\""};
  options.k = {};
  options.fields = {{"id", {"ID"}}, {"odd key:", {"a", "b, c"}}, {"5", {}}};
  options.train = {.rate = 1e-300, .count = 10, .betas = {0.1, 1}};
  options.lora = SampleSection{.rate = 0.3};
  options.test = {{"/x", 1}, {"/y", 0}};
  return options;
}

TEST(Print, HasEveryKey) {
  SampleOptions options;
  options.test = {{"/x", 1}, {"/y", 0}};
  options.fields = {{"q", {"Body", "Question"}}};
  EXPECT_EQ(Print(options),
            "name: \"\"\n"
            "quick: false\n"
            "temperature: 0.7\n"
            "device: auto\n"
            "folder: out\n"
            "threads: auto\n"
            "memory: auto\n"
            "stop: [\"\\n\\n\"]\n"
            "k: [1, 2]\n"
            "fields:\n"
            "  q: [Body, Question]\n"
            "train:\n"
            "  rate: 1e-05\n"
            "  count: 3\n"
            "  betas: [0.9, 0.95]\n"
            "lora: null\n"
            "test:\n"
            "  - path: /x\n"
            "    limit: 1\n"
            "  - path: /y\n"
            "    limit: 0\n");
}

TEST(Print, ReadsBackEqual) {
  const SampleOptions options = Rich();
  const std::string text = Print(options);
  SampleOptions again;
  const absl::Status status = ReadSample(text, again);
  ASSERT_TRUE(status.ok()) << MessageOf(status) << "\n" << text;
  EXPECT_EQ(again, options) << text;
  EXPECT_EQ(Print(again), text);
}

TEST(Diff, NamesEachKeyThatDiffers) {
  SampleOptions before = Rich();
  SampleOptions after = Rich();
  after.train.rate = 0.002;
  after.lora = std::nullopt;
  after.k = {1, 2};
  after.test.pop_back();
  after.fields.erase("id");
  after.fields["new"] = {"m"};
  before.name = "old name";
  const auto lines = DiffYaml(Print(before), Print(after));
  ASSERT_TRUE(lines.ok());
  EXPECT_THAT(*lines,
              ::testing::ElementsAre("name: \"old name\" -> \"yes\"",
                                     "k: [] -> [1, 2]",
                                     "fields.id: [ID] -> (absent)",
                                     "train.rate: 1e-300 -> 0.002",
                                     "lora.rate: 0.3 -> (absent)",
                                     "lora.count: 3 -> (absent)",
                                     "lora.betas: [0.9, 0.95] -> (absent)",
                                     "test.1.path: /y -> (absent)",
                                     "test.1.limit: 0 -> (absent)",
                                     "fields.new: (absent) -> [m]",
                                     "lora: (absent) -> null"));
}

TEST(Diff, OfEqualTextsIsEmptyAndOfBrokenOnesAnError) {
  EXPECT_TRUE(DiffYaml(Print(Rich()), Print(Rich()))->empty());
  EXPECT_EQ(MessageOf(DiffYaml("a: 1", "a: 1\na: 2").status()),
            "the new text:2: a: given twice; first on line 1");
}

TEST(Reference, GivesDefaultRangeAndHelpAndIsItselfAFile) {
  SampleOptions options;
  const std::string text = PrintReference([&options](Fields& f) { options.visit(f); });
  EXPECT_THAT(text, ::testing::HasSubstr("# A temperature. [number >= 0]\ntemperature: 0.7\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("# A device. [cpu | cuda | auto]\ndevice: auto\n"));
  EXPECT_THAT(text,
              ::testing::HasSubstr(
                  "# A section.\ntrain:\n  # A rate. [number > 0 and <= 1]\n  rate: 1e-05\n"));
  EXPECT_THAT(text,
              ::testing::HasSubstr("# A section that may be absent. [may be absent]\n# lora:\n"
                                   "  # A rate. [number > 0 and <= 1]\n  # rate: 1e-05\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("test: []\n  # A file. [path]\n  # path: \"\"\n"));
  SampleOptions read;
  const absl::Status status = ReadSample(text, read);
  EXPECT_TRUE(status.ok()) << MessageOf(status) << "\n" << text;
  options.folder = "/jobs/out";
  EXPECT_EQ(read, options);
}

}  // namespace
}  // namespace restem::config
