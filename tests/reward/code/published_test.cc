// The code reward on published problems and their published solutions.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <regex>
#include <set>

#include "base/parallel.h"
#include "reward/code/completion.h"
#include "reward/code/problems.h"
#include "reward/code/task.h"
#include "reward/preflight.h"

namespace restem {
namespace {

using nlohmann::json;

// Judges a completion of each problem and returns, as lines, the verdicts that are not `wanted`.
std::vector<std::string> Unlike(VerdictKind wanted,
                                const std::vector<Problem>& problems,
                                const std::function<std::string(const Problem&)>& completion) {
  const auto verifier = testing::CodeReward();
  if (verifier == nullptr) return {"no sandbox"};
  std::vector<std::string> lines;
  std::mutex mutex;
  ForEachUntilStop(problems.size(), 2, [&](size_t i) {
    const Judgement judgement = verifier->judge(problems[i], completion(problems[i]));
    if (judgement.verdict == wanted) return;
    std::lock_guard lock(mutex);
    lines.push_back(
        fmt::format("{}: {}: {}", problems[i].id, ToString(judgement.verdict), judgement.reason));
  });
  return lines;
}

std::string Solution(const Problem& problem) { return ReferenceProgram(problem); }

// The solution with its return values altered: wrappers stand in for the functions that the tests
// call.
std::string Altered(const Problem& problem) {
  const auto task = ReadCodeTask(problem, CodeFormat::kAuto);
  std::string program = ProgramOf(*task, Solution(problem));
  const std::string tests = problem.fields["test"].get<std::string>();
  std::set<std::string> names;
  const std::regex definition(R"((?:^|\n)def +(\w+))");
  for (std::sregex_iterator found(program.begin(), program.end(), definition), end; found != end;
       ++found) {
    const std::string name = (*found)[1];
    if (std::regex_search(tests, std::regex(fmt::format(R"(\b{} *\()", name)))) names.insert(name);
  }
  if (tests.find("candidate(", tests.find("candidate") + 1) != std::string::npos)
    names = {task->wanted};
  for (const std::string& name : names) {
    program += fmt::format(
        "\n\n_right_{0} = {0}\n\ndef {0}(*args):\n    value = _right_{0}(*args)\n"
        "    if type(value) == bool:\n        return not value\n"
        "    if type(value) in (int, float):\n        return value * 3 + 1.5\n"
        "    if type(value) == str:\n        return value + 'x'\n"
        "    return [value, None]\n",
        name);
  }
  return program;
}

TEST(PublishedPrograms, AlteredSolutionsFail) {
  RESTEM_REQUIRE_DATA(data);
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::HumanEval(data), Altered), ::testing::IsEmpty());
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::Mbpp(data), Altered), ::testing::IsEmpty());
}

// What `restem check` asks: reference solutions pass, other problems' and empty programs fail.
TEST(PublishedPrograms, ThePreflightProvesTheReward) {
  RESTEM_REQUIRE_DATA(data);
  const auto verifier = testing::CodeReward();
  ASSERT_NE(verifier, nullptr);
  for (const auto& problems : {testing::HumanEval(data), testing::Mbpp(data)}) {
    const auto count = static_cast<int64_t>(problems.size());
    const RewardProof proof = ProveReward(*verifier, problems, 17, 2);
    EXPECT_TRUE(CheckProof(proof).ok()) << MessageOf(CheckProof(proof));
    EXPECT_GE(count, 164);
    EXPECT_EQ(proof.gold_correct, count);
    EXPECT_EQ(proof.shuffled_wrong, count);
    EXPECT_EQ(proof.empty_wrong, count);
  }
  const auto proven = verifier->prove();
  ASSERT_TRUE(proven.ok()) << MessageOf(proven.status());
  EXPECT_EQ(*proven, "sandbox: 18 attempts to get out of it failed");
}

// One of APPS's problems, as the data set on the hub states it: JSON in text fields.
Problem AppsProblem(const std::filesystem::path& folder) {
  const auto text = [&](const char* name) {
    std::ifstream file(folder / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  json fields = {{"question", text("question.txt")},
                 {"input_output", text("input_output.json")},
                 {"solutions", text("solutions.json")}};
  if (std::filesystem::exists(folder / "starter_code.txt"))
    fields["starter_code"] = text("starter_code.txt");
  return testing::MakeProblem(fields, folder.filename());
}

json Labelled(const std::filesystem::path& file) { return json::parse(std::ifstream(file)); }

// Published labels (CodeRL): true, false, -1 for an exception or a time-out, -2 for no program.
// baseline_solutions.json holds programs as that harness rewrites them, inside a function that it
// calls itself: the one that is labelled true, 2404's, defines nothing by itself (and needs numpy).
TEST(PublishedPrograms, AppsLabelsAreReproduced) {
  RESTEM_REQUIRE_DATA(data);
  const auto verifier = testing::CodeReward({{"timeout_seconds", 4.0}});
  ASSERT_NE(verifier, nullptr);
  int judged = 0;
  for (const char* name : {"0001", "0111", "2287", "2404", "4184"}) {
    const std::filesystem::path folder = data + "/apps_samples/" + name;
    const Problem problem = AppsProblem(folder);
    for (const char* file : {"gen_solutions.json", "baseline_solutions.json"}) {
      for (const json& one : Labelled(folder / file)) {
        const Judgement judgement = verifier->judge(problem, one["code"].get<std::string>());
        const bool rewritten =
            one["code"].get<std::string>().find("\ndef code():") != std::string::npos;
        const bool label = one["result"] == true && !rewritten;
        EXPECT_EQ(ToString(judgement.verdict), label ? "correct" : "wrong")
            << name << " " << file << " " << one << "\n"
            << judgement.reason;
        ++judged;
      }
    }
    for (const json& solution : Labelled(folder / "solutions.json")) {
      const Judgement judgement = verifier->judge(problem, solution.get<std::string>());
      EXPECT_EQ(ToString(judgement.verdict), "correct") << name << "\n"
                                                        << solution.get<std::string>() << "\n"
                                                        << judgement.reason;
      ++judged;
    }
  }
  EXPECT_EQ(judged, 189);
}

}  // namespace
}  // namespace restem
