// The rewards on published problems: every gold solution is accepted, other problems' ones are not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "reward/json_fields.h"
#include "reward/preflight.h"
#include "support/paths.h"

namespace restem {
namespace {

using nlohmann::json;

// `answer` names the field that holds the answer.
std::vector<Problem> Load(const std::string& path, const std::string& answer) {
  std::vector<Problem> problems;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    json fields = json::parse(line);
    fields["answer"] = json(fields.at(answer));
    problems.push_back({fmt::format("line:{}", problems.size() + 1), std::move(fields), path});
  }
  return problems;
}

void ExpectProven(const json& reward, const std::vector<Problem>& problems, size_t at_least) {
  ASSERT_GE(problems.size(), at_least);
  const auto verifier = testing::Reward(reward);
  const RewardProof proof = ProveReward(*verifier, problems, 17, 2);
  EXPECT_EQ(proof.gold_tried, static_cast<int64_t>(problems.size()));
  EXPECT_EQ(proof.shuffled_tried, static_cast<int64_t>(problems.size()));
  EXPECT_TRUE(CheckProof(proof).ok()) << MessageOf(CheckProof(proof));
}

TEST(PublicData, Gsm8k) {
  RESTEM_REQUIRE_DATA(data);
  ExpectProven({{"type", "numeric"}}, Load(data + "/gsm8k/train.jsonl", "answer"), 7473);
  ExpectProven({{"type", "numeric"}}, Load(data + "/gsm8k/test.jsonl", "answer"), 1319);
}

TEST(PublicData, ArithmeticAnswers) {
  RESTEM_REQUIRE_DATA(data);
  for (const char* type : {"numeric", "expression"}) {
    ExpectProven({{"type", type}}, Load(data + "/arithmetic/svamp.jsonl", "Answer"), 1000);
    ExpectProven({{"type", type}}, Load(data + "/arithmetic/gsm_hard.jsonl", "target"), 1000);
    for (const char* set : {"addsub", "multiarith", "singleeq", "singleop", "test"}) {
      ExpectProven({{"type", type}},
                   Load(fmt::format("{}/arithmetic/mawps_{}.jsonl", data, set), "target"),
                   100);
    }
  }
}

TEST(PublicData, SvampEquationsAreWorthTheirAnswers) {
  RESTEM_REQUIRE_DATA(data);
  const auto verifier = testing::Reward({{"type", "expression"}});
  const std::vector<Problem> problems = Load(data + "/arithmetic/svamp.jsonl", "Answer");
  ASSERT_EQ(problems.size(), 1000u);
  std::string refused;
  for (const Problem& problem : problems) {
    const std::string equation = problem.fields["Equation"];
    const Judgement judgement = verifier->judge(problem, equation);
    if (judgement.verdict == VerdictKind::kCorrect) continue;
    refused +=
        fmt::format("{} {} {};", std::string(problem.fields["ID"]), equation, judgement.reason);
  }
  // The data set's own mistake, and the only one.
  EXPECT_EQ(refused, "chal-680 ( ( 4.0 - 2.0 ) + 3.0 ) its value 5 is not 1;");
}

TEST(PublicData, BbhChoices) {
  RESTEM_REQUIRE_DATA(data);
  int64_t tasks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data + "/bbh/tasks")) {
    std::ifstream file(entry.path());
    const json task = json::parse(file, nullptr, false);
    if (!task.is_object() || !task.contains("examples")) continue;
    std::vector<Problem> problems;
    for (const json& example : task["examples"]) {
      const std::string target = example["target"];
      if (target.size() != 3 || target[0] != '(') break;
      problems.push_back(
          testing::MakeProblem({{"answer", target}}, fmt::format("{}", problems.size())));
    }
    if (problems.size() < task["examples"].size()) continue;
    ++tasks;
    const auto verifier = testing::Reward({{"type", "choice"}});
    EXPECT_TRUE(CheckProof(ProveReward(*verifier, problems, 17)).ok()) << entry.path();
    for (const Problem& problem : problems) {
      const std::string answer = problem.fields["answer"];
      for (const char* form :
           {"{}", "So the answer is {}.", "(A) is out, so is (Q). The answer is {}"}) {
        const std::string text = fmt::format(fmt::runtime(form), answer);
        EXPECT_EQ(testing::VerdictOf(verifier->judge(problem, text)), "correct") << text;
      }
    }
  }
  EXPECT_GT(tasks, 5);
}

}  // namespace
}  // namespace restem
