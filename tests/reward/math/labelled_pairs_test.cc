// Answers that another author labelled right or wrong, without knowing this program.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "reward/json_fields.h"

namespace restem {
namespace {

TEST(LabelledPairs, VerdictsAgreeWithTheLabels) {
  std::ifstream file(RESTEM_SOURCE_DIR "/tests/reward/math/labelled_pairs.jsonl");
  ASSERT_TRUE(file.good());
  const auto verifier = testing::Reward({{"type", "math"}});
  int64_t pairs = 0;
  int64_t agreed = 0;
  std::string line;
  while (std::getline(file, line)) {
    const auto pair = nlohmann::json::parse(line);
    const std::string completion = pair["completion"];
    const Judgement judgement = verifier->judge(testing::WithAnswer(pair["answer"]), completion);
    ++pairs;
    const bool correct = judgement.verdict == VerdictKind::kCorrect;
    if (correct == pair["correct"].get<bool>()) {
      ++agreed;
      continue;
    }
    fmt::print("disagrees: {} {} answer {} completion {} -> {}: {}\n",
               pair["id"].dump(),
               pair["kind"].dump(),
               pair["answer"].dump(),
               pair["completion"].dump(),
               testing::VerdictOf(judgement),
               judgement.reason);
  }
  EXPECT_GE(pairs, 300);
  EXPECT_GE(agreed * 100, pairs * 98) << agreed << " of " << pairs;
}

}  // namespace
}  // namespace restem
