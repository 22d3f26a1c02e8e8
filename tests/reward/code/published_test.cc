// The code reward on published problems and their published solutions.
#include <algorithm>
#include <functional>
#include <mutex>
#include <regex>
#include <set>

#include "base/parallel.h"
#include "reward/code/completion.h"
#include "reward/code/problems.h"
#include "reward/code/task.h"

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
    lines.push_back(fmt::format(
        "{}: {}: {}", problems[i].id, ToString(judgement.verdict), judgement.reason));
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
  std::set<std::string> names = {task->wanted};
  const std::regex definition(R"((?:^|\n)def +(\w+))");
  for (std::sregex_iterator found(program.begin(), program.end(), definition), end; found != end;
       ++found) {
    const std::string name = (*found)[1];
    if (std::regex_search(tests, std::regex(fmt::format(R"(\b{} *\()", name)))) names.insert(name);
  }
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

TEST(PublishedPrograms, HumanEvalSolutionsPass) {
  RESTEM_REQUIRE_DATA(data);
  const auto problems = testing::HumanEval(data);
  ASSERT_EQ(problems.size(), 164u);
  EXPECT_THAT(Unlike(VerdictKind::kCorrect, problems, Solution), ::testing::IsEmpty());
}

TEST(PublishedPrograms, MbppSolutionsPass) {
  RESTEM_REQUIRE_DATA(data);
  const auto problems = testing::Mbpp(data);
  ASSERT_GE(problems.size(), 400u);
  EXPECT_THAT(Unlike(VerdictKind::kCorrect, problems, Solution), ::testing::IsEmpty());
}

TEST(PublishedPrograms, AlteredSolutionsFail) {
  RESTEM_REQUIRE_DATA(data);
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::HumanEval(data), Altered),
              ::testing::IsEmpty());
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::Mbpp(data), Altered), ::testing::IsEmpty());
}

TEST(PublishedPrograms, EmptyProgramsFail) {
  RESTEM_REQUIRE_DATA(data);
  const auto nothing = [](const Problem&) { return std::string(); };
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::HumanEval(data), nothing),
              ::testing::IsEmpty());
  EXPECT_THAT(Unlike(VerdictKind::kWrong, testing::Mbpp(data), nothing), ::testing::IsEmpty());
}

}  // namespace
}  // namespace restem
