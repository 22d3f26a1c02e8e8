// No text makes a verifier crash, hang, or judge twice differently.
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "reward/json_fields.h"
#include "reward/number_scan.h"

namespace restem {
namespace {

const std::vector<std::string>& Seeds() {
  static const std::vector<std::string> seeds = {
      "She makes 9 * 2 = <<9*2=18>>18 every day.\n#### 18",
      "The answer is -$1,234.50, i.e. 1 1/2 or ½ of 50%.",
      "\\boxed{\\frac{3}{4}} and 1{,}234 × 10^{-3} m^2 10^",
      "( 290.0 / 2.0 ) + n0 ^ -2 − 3 ÷ (4 × .5)",
      "The answer is (B). A dog; I'm not C",
      "1e99999 1e-99999 .5.5.5 1/2/3 5/0 -.e 1,\\!000 9999999999999999999999",
      "un été café \u2212 5 \u00a0 猫 \U0001F600 USD5 Rs.5 US$5 \\$ -\\$",
  };
  return seeds;
}

std::string Mutated(uint64_t index) {
  const RandomStream stream(17, StreamPurpose::kShuffle, 0, "mutation", index);
  uint64_t counter = 0;
  const auto below = [&](uint64_t bound) { return UniformBelow(stream, counter++, bound); };
  std::string text = Seeds()[below(Seeds().size())];
  const uint64_t edits = 1 + below(12);
  for (uint64_t i = 0; i < edits; ++i) {
    const size_t at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      case 1:
        text.erase(at, 1 + below(4));
        break;
      case 2: {
        const std::string& other = Seeds()[below(Seeds().size())];
        text.insert(at, other.substr(below(other.size()), 1 + below(8)));
        break;
      }
      case 3:
        if (at < text.size()) text[at] = "0123456789.,-+/%$^{}()\\eE= \n"[below(28)];
        break;
      default:
        text = text.substr(0, at);
    }
  }
  return text;
}

TEST(Mutation, VerifiersTakeAnyText) {
  std::vector<std::unique_ptr<Verifier>> rewards;
  for (const char* type : {"numeric", "exact", "choice", "expression", "contains"}) {
    rewards.push_back(testing::Reward({{"type", type}}));
  }
  rewards.push_back(testing::Reward({{"type", "expression"}, {"variables", "numbers"}}));
  rewards.push_back(testing::Reward({{"type", "regex"}, {"pattern", "^.*{answer}\\s*$"}}));
  int64_t verdicts[3] = {0, 0, 0};
  for (uint64_t i = 0; i < 20000; ++i) {
    const std::string text = Mutated(2 * i);
    // The gold answer comes from a file, so it is no safer; a label or number in most keeps the
    // verdicts mixed.
    const std::string answer = i % 2 == 0 ? Mutated(2 * i + 1) : i % 4 == 1 ? "18" : "B";
    const Problem problem = testing::MakeProblem({{"answer", answer}, {"numbers", "3 5"}});
    for (const auto& reward : rewards) {
      const Judgement judgement = reward->judge(problem, text);
      ++verdicts[static_cast<int>(judgement.verdict)];
      ASSERT_EQ(judgement.reason.empty(), judgement.verdict == VerdictKind::kCorrect) << text;
      if (i % 100 != 0) continue;
      const Judgement again = reward->judge(problem, text);
      ASSERT_EQ(again.verdict, judgement.verdict) << text;
      ASSERT_EQ(again.extracted, judgement.extracted) << text;
      reward->gold_completion(problem);
    }
  }
  EXPECT_GT(verdicts[0], 1000);  // correct
  EXPECT_GT(verdicts[1], 10000);
  EXPECT_GT(verdicts[2], 1000);
}

TEST(Mutation, FoundNumbersLieInOrderInsideTheText) {
  for (uint64_t i = 0; i < 50000; ++i) {
    const std::string text = Mutated(1'000'000 + i);
    size_t last = 0;
    for (const FoundNumber& found : FindNumbers(text)) {
      ASSERT_GE(found.begin, last) << text;
      ASSERT_GT(found.end, found.begin) << text;
      ASSERT_LE(found.end, text.size()) << text;
      last = found.end;
    }
  }
}

// Work that grows with the square of the length would let one completion stop a stage, and what a
// limit cuts short is an error where a wrong was due.
TEST(Mutation, LongTextsAreNoTrouble) {
  constexpr size_t kLength = 200'000;
  std::vector<std::string> texts;
  for (const char* unit : {"9",
                           "1,",
                           "-",
                           "1/",
                           "$",
                           " ",
                           "a",
                           "The answer is ",
                           "(A) ",
                           "= ",
                           "1 ",
                           "(",
                           "2^",
                           "\n"}) {
    std::string text;
    while (text.size() < kLength) text += unit;
    texts.push_back(std::move(text));
  }
  const std::string spaces(kLength, ' ');
  for (const char* start :
       {"answer", "the answer is", "answer: the option", "(", "(A", "A", "5", "5 /", "= -"}) {
    texts.push_back(std::string(start).append(spaces).append("?"));
  }
  for (const char* type : {"numeric", "choice", "exact", "contains", "expression"}) {
    const bool label = type == std::string_view("choice");
    const auto reward = testing::Reward({{"type", type}});
    for (const std::string& text : texts) {
      const std::clock_t start = std::clock();  // this process's own time, whatever else runs
      const Judgement judgement = reward->judge(testing::WithAnswer(label ? "A" : "7"), text);
      const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      EXPECT_LT(seconds, 4.0) << type << " of '" << text.substr(0, 20) << "'…";
      EXPECT_NE(judgement.verdict, VerdictKind::kError)
          << type << " of '" << text.substr(0, 20) << "'…: " << judgement.reason;
    }
  }
}

}  // namespace
}  // namespace restem
