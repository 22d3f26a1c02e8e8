// The math reward on published problems: every gold answer is accepted, other answers are not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "reward/math/judge_boxed.h"
#include "support/paths.h"

namespace restem {
namespace {

using nlohmann::json;
using testing::MathReward;
using testing::VerdictOf;
using testing::WithAnswer;

// One JSON object a line.
std::vector<json> Lines(const std::string& path) {
  std::vector<json> lines;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) lines.push_back(json::parse(line));
  return lines;
}

std::string AfterHash(const std::string& solution) {
  std::string answer = solution.substr(solution.rfind("####") + 5);
  std::erase(answer, ',');
  return answer;
}

TEST(MathPublicData, Gsm8kSolutions) {
  RESTEM_REQUIRE_DATA(data);
  size_t solutions = 0;
  for (const char* split : {"train", "test"}) {
    const std::vector<json> problems = Lines(fmt::format("{}/gsm8k/{}.jsonl", data, split));
    solutions += problems.size();
    for (size_t i = 0; i < problems.size(); ++i) {
      const std::string own = problems[i]["answer"];
      const std::string next = problems[(i + 1) % problems.size()]["answer"];
      const Judgement judgement = MathReward().judge(WithAnswer(own), own);
      EXPECT_EQ(VerdictOf(judgement), "correct") << own << judgement.reason;
      // The number by itself, through the parser.
      const Judgement bare = testing::JudgeBoxed(own, AfterHash(own) + ".00");
      EXPECT_EQ(VerdictOf(bare), "correct") << own << bare.reason;
      EXPECT_EQ(VerdictOf(MathReward().judge(WithAnswer(own), next)) == "correct",
                AfterHash(own) == AfterHash(next))
          << own << next;
    }
  }
  EXPECT_EQ(solutions, 8792u);
}

TEST(MathPublicData, BigBenchHardTargets) {
  RESTEM_REQUIRE_DATA(data);
  int64_t tasks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data + "/bbh/tasks")) {
    std::ifstream file(entry.path());
    const json task = json::parse(file, nullptr, false);
    if (!task.is_object() || !task.contains("examples")) continue;
    ++tasks;
    std::string before;
    for (const json& example : task["examples"]) {
      const std::string target = example["target"];
      const std::string own = fmt::format("Let us think.\nSo the answer is {}.", target);
      const Judgement judgement = MathReward().judge(WithAnswer(target), own);
      EXPECT_EQ(VerdictOf(judgement), "correct") << entry.path() << target << judgement.reason;
      if (!before.empty() && before != target) {
        const std::string other = fmt::format("So the answer is {}.", before);
        EXPECT_EQ(VerdictOf(MathReward().judge(WithAnswer(target), other)), "wrong")
            << entry.path() << target << " | " << before;
      }
      before = target;
    }
  }
  EXPECT_EQ(tasks, 27);
}

TEST(MathPublicData, SvampAnswers) {
  RESTEM_REQUIRE_DATA(data);
  const std::vector<json> problems = Lines(data + "/arithmetic/svamp.jsonl");
  ASSERT_EQ(problems.size(), 1000u);
  for (size_t i = 0; i < problems.size(); ++i) {
    const double answer = problems[i]["Answer"];
    const double next = problems[(i + 1) % problems.size()]["Answer"];
    const Problem problem = WithAnswer(answer);
    const std::string text = fmt::format("The answer is {:.0f} pencils.", answer);
    EXPECT_EQ(VerdictOf(MathReward().judge(problem, text)), "correct") << text;
    const std::string other = fmt::format("That makes {} in all.", next);
    EXPECT_EQ(VerdictOf(MathReward().judge(problem, other)) == "correct", answer == next) << other;
  }
}

}  // namespace
}  // namespace restem
