// A reward's file, as `restem verify --reward FILE.yaml` and the `reward` section of a job have it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/print.h"
#include "config/read.h"
#include "reward/json_fields.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using testing::MakeProblem;
using testing::VerdictOf;

absl::Status Read(std::string_view yaml, RewardOptions& options) {
  return config::ReadYaml({yaml, "reward.yaml", "/folder"}, {}, options);
}

std::string Printed(RewardOptions options) {
  return config::PrintYaml([&](config::Fields& f) { options.visit(f); });
}

class RewardFile : public ::testing::TestWithParam<const char*> {};
TEST_P(RewardFile, ReadsBuildsAndPrintsWhatReadsTheSame) {
  RewardOptions options;
  const absl::Status status = Read(GetParam(), options);
  ASSERT_TRUE(status.ok()) << MessageOf(status);
  const auto verifier = MakeVerifier(options);
  ASSERT_TRUE(verifier.ok()) << MessageOf(verifier.status());
  const std::string printed = Printed(options);
  RewardOptions again;
  const absl::Status reread = Read(printed, again);
  ASSERT_TRUE(reread.ok()) << printed << MessageOf(reread);
  EXPECT_EQ(Printed(again), printed);
  const Problem problem = MakeProblem({{"answer", "B"}, {"word", "7"}, {"numbers", {3, 4}}});
  for (const char* text : {"7", "the answer is B.", "n0 + n1", "cat"}) {
    EXPECT_EQ(VerdictOf((*MakeVerifier(again))->judge(problem, text)),
              VerdictOf((*verifier)->judge(problem, text)));
  }
}

INSTANTIATE_TEST_SUITE_P(Types,
                         RewardFile,
                         ::testing::Values("type: numeric",
                                           "{type: numeric, markers: ['\\boxed{'], tolerance: 0}",
                                           "{type: numeric, markers: [], max_error_rate: 0.5}",
                                           "{type: exact, normalize: false}",
                                           "{type: choice, labels: [yes, no]}",
                                           "{type: expression, variables: numbers}",
                                           "{type: math, extract: [hash, boxed], tolerance: 0.1}",
                                           "{type: contains, field: word, ends_with: '.'}",
                                           "{type: regex, pattern: '^{answer}\\s*#?: \"$'}",
                                           "{type: command, argv: [cat, '-'], timeout_seconds: 2}",
                                           R"(
type: all
of:
  - type: contains
    field: word
  - type: not
    of: [{type: regex, pattern: ' $'}, {type: exact}]
)"));

TEST(RewardFile, NestedRewardsJudge) {
  RewardOptions options;
  ASSERT_TRUE(
      Read("{type: any, of: [{type: exact}, {type: contains, field: word}]}", options).ok());
  const auto verifier = MakeVerifier(options);
  const Problem problem = MakeProblem({{"answer", "B"}, {"word", "cat"}});
  EXPECT_EQ(VerdictOf((*verifier)->judge(problem, "b")), "correct");
  EXPECT_EQ(VerdictOf((*verifier)->judge(problem, "a cat")), "correct");
  EXPECT_EQ(VerdictOf((*verifier)->judge(problem, "a dog")), "wrong");
}

TEST(RewardFile, ErrorsNameLineAndKey) {
  const auto message = [](std::string_view yaml) {
    RewardOptions options;
    return std::string(MessageOf(Read(yaml, options)));
  };
  EXPECT_THAT(message("type: numeric\ntolerence: 1"),
              ::testing::AllOf(HasSubstr("reward.yaml:2"), HasSubstr("did you mean tolerance?")));
  EXPECT_THAT(message("type: numeric\ntolerance: -1"), HasSubstr("reward.yaml:2: tolerance"));
  EXPECT_THAT(message("type: maths"), HasSubstr("reward.yaml:1: type"));
  EXPECT_THAT(message("type: regex"), HasSubstr("pattern"));
  EXPECT_THAT(message("type: all\nof:\n  - type: regx"),
              ::testing::AllOf(HasSubstr("reward.yaml:3"), HasSubstr("did you mean regex?")));
  EXPECT_THAT(message("type: all\nof:\n  - type: exact\n    normalise: true"),
              ::testing::AllOf(HasSubstr("reward.yaml:4"), HasSubstr("did you mean normalize?")));
  EXPECT_THAT(message("type: all\nof:\n  - pattern: x"), HasSubstr("type: is needed"));
}

}  // namespace
}  // namespace restem
