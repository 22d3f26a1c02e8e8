#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "sample_options.h"

namespace restem::config {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Yaml, SyntaxErrorsNameFileAndLine) {
  EXPECT_THAT(ProblemsOf("name: x\ntest: [a, b\n"), StartsWith("job.yaml:3: not valid YAML: "));
  EXPECT_THAT(ProblemsOf("name: x\n  quick: true\n"), StartsWith("job.yaml:2: not valid YAML: "));
  for (const char* text :
       {"name: x\nstop: \"abc", "name: x\nstop: 'a''", "'a': 'b'\nname: \"\\\"", "\nname: \"a'b"}) {
    EXPECT_EQ(ProblemsOf(text), "job.yaml:2: not valid YAML: illegal EOF in scalar") << text;
    // yaml-cpp alone accepts these.
    EXPECT_EQ(ProblemsOf(std::string(text) + "\n"),
              "job.yaml:2: not valid YAML: a quote is not closed")
        << text;
  }
  EXPECT_THAT(ProblemsOf("name: x\n}\n"), StartsWith("job.yaml:2: not valid YAML: "));
}

TEST(Yaml, DuplicateKeysAreProblemsLikeOthers) {
  EXPECT_EQ(ProblemsOf("name: a\nquick: 1\ntrain:\n  count: 1\n  rate: 1\n  count: 2\nname: b\n"),
            "job.yaml:2: quick: expected true or false, got 1\n"
            "job.yaml:6: train.count: given twice; first on line 4\n"
            "job.yaml:7: name: given twice; first on line 1");
  EXPECT_EQ(ProblemsOf("train: {count: 1}\ntrain: {count: 2, count: 3}"),
            "job.yaml:2: train.count: given twice; first on line 2\n"
            "job.yaml:2: train: given twice; first on line 1");
}

TEST(Yaml, RefusesWhatAJobHasNoUseFor) {
  EXPECT_EQ(ProblemsOf("train: &x {count: 1}\nlora: *x"),
            "job.yaml:1: not valid YAML: anchors (&) are not supported");
  EXPECT_EQ(ProblemsOf("name: a\n---\nname: b\n"),
            "job.yaml:2: not valid YAML: a second document; one is expected");
  EXPECT_EQ(ProblemsOf("? [a, b]\n: c\n"),
            "job.yaml:1: not valid YAML: a key must be a plain name (is a bracket left open?)");
  EXPECT_EQ(ProblemsOf("train: {count: !!int 5}"),
            "job.yaml:1: not valid YAML: the tag tag:yaml.org,2002:int is not supported");
  EXPECT_EQ(ProblemsOf("~: 5"), "job.yaml:1: not valid YAML: an empty key");
  EXPECT_EQ(ProblemsOf("[a, b]"), "job.yaml: expected `key: value` lines, got a list");
  EXPECT_EQ(ProblemsOf("hello"), "job.yaml: expected `key: value` lines, got hello");
}

TEST(Yaml, TextForms) {
  SampleOptions options;
  ASSERT_TRUE(
      ReadSample("name: |\n  two\n  lines\nstop: ['', 'a''b', \"\\u00e9\\t\", !!str 5]", options)
          .ok());
  EXPECT_EQ(options.name, "two\nlines\n");
  EXPECT_EQ(options.stop, (std::vector<std::string>{"", "a'b", "\u00e9\t", "5"}));
  // A byte order mark and Windows line ends are no part of the text.
  ASSERT_TRUE(ReadSample("\xef\xbb\xbfname: \"x\"\r\nstop: 'y'\r\n", options).ok());
  EXPECT_EQ(options.name, "x");
  EXPECT_EQ(options.stop, std::vector<std::string>{"y"});
}

TEST(Yaml, RefusesBytesThatAreNotText) {
  EXPECT_EQ(ProblemsOf(std::string_view("name: x\nname\0: y", 16)),
            "job.yaml:2: not valid YAML: a NUL byte");
  EXPECT_EQ(ProblemsOf("name: x\n# caf\xe9\n"), "job.yaml:2: not valid YAML: not UTF-8");
}

TEST(Yaml, RefusesHugeAndDeepInput) {
  EXPECT_EQ(ProblemsOf(std::string(2000000, 'x')),
            "job.yaml: 2000000 bytes is too large for a config file; at most 1048576");
  EXPECT_EQ(ProblemsOf("k: " + std::string(100, '[') + std::string(100, ']')),
            "job.yaml:1: not valid YAML: nested too deeply");
  EXPECT_THAT(ProblemsOf("k: " + std::string(100000, '[')), HasSubstr("not valid YAML"));
  EXPECT_THAT(ProblemsOf(std::string(100000, '{')), HasSubstr("not valid YAML"));
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(ProblemsOf(lines), HasSubstr("nested too deeply"));
}

// Whatever bytes come, the reader answers: it neither crashes nor hangs, and a refusal is one of
// input.
TEST(Yaml, SurvivesMutatedFiles) {
  const std::string original =
      "name: word-problems   # comment\nquick: true\ntemperature: 0.7\nfolder: ${HOME}/x\n"
      "stop: [\"\\n\\n\", 'b', c]\nfields: {id: ID, question: [Body, Question]}\n"
      "train:\n  rate: 1.0e-5\n  betas: [0.9, 0.95]\nlora:\n  count: 2\n"
      "test:\n  - {path: a.jsonl, limit: 5}\n  - path: |\n      b\n    limit: 3\n";
  const std::string_view tokens = "{}[]:,-?&*!|>'\"%@`#\n\t ~.\\$<=0a\xff\xc3";
  std::mt19937 random(7);
  const auto below = [&random](size_t n) { return static_cast<size_t>(random() % n); };
  int accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = original;
    for (size_t edits = 1 + below(6); edits > 0 && !text.empty(); --edits) {
      const size_t at = below(text.size());
      switch (below(5)) {
        case 0:
          text[at] = tokens[below(tokens.size())];
          break;
        case 1:
          text.insert(at, below(4) + 1, tokens[below(tokens.size())]);
          break;
        case 2:
          text.erase(at, below(10) + 1);
          break;
        case 3:
          text.insert(at, text.substr(below(text.size()), below(40)));
          break;
        default:
          text[at] = static_cast<char>(below(256));
      }
    }
    const std::string problems = ProblemsOf(text);
    ASSERT_NE(problems, "not InvalidInput") << text;
    if (problems == "OK") ++accepted;
  }
  EXPECT_GT(accepted, 0);     // some edits are harmless (in a comment, say)
  EXPECT_LT(accepted, 2000);  // and most are not
}

}  // namespace
}  // namespace restem::config
