// From completions to programs, and from printed text to a verdict.
#include "reward/code/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reward/code/compare_output.h"
#include "reward/code/problems.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto kPython = CodeLanguage::kPython;

TEST(CodeOf, WithoutAFenceIsAllOfIt) {
  EXPECT_EQ(CodeOf("    return a + b\n", kPython, "add"), "    return a + b\n");
  EXPECT_EQ(CodeOf("", kPython, "add"), "");
}

TEST(CodeOf, PrefersItsLanguageThenTheLastThatDefines) {
  const std::string completion =
      "First try:\n```python\ndef add(a, b):\n    return a\n```\nIt prints\n```\n3\n```\n"
      "Mended:\n```py\ndef add(a, b):\n    return a + b\n```\nUse it:\n```python\nprint(add(1, "
      "2))\n"
      "```\n";
  EXPECT_EQ(CodeOf(completion, kPython, "add"), "def add(a, b):\n    return a + b\n");
  EXPECT_EQ(CodeOf(completion, kPython, ""), "print(add(1, 2))\n");
  EXPECT_EQ(CodeOf(completion, CodeLanguage::kCpp, ""), "3\n");
}

TEST(CodeOf, ABlockThatIsNotClosedGoesToTheEnd) {
  EXPECT_EQ(CodeOf("```python\nx = 1\n", kPython, ""), "x = 1\n\n");
}

TEST(CodeOf, LongerFencesHoldShorterOnes) {
  EXPECT_EQ(CodeOf("````python\ns = '''\n```\n'''\n````\n", kPython, ""), "s = '''\n```\n'''\n");
  EXPECT_EQ(CodeOf("~~~cpp\nint x;\n~~~\n", CodeLanguage::kCpp, ""), "int x;\n");
  EXPECT_EQ(CodeOf("a ```code``` b", kPython, ""), "a ```code``` b");
}

CodeTask HumanEvalTask() {
  CodeTask task;
  task.stub = "import math\n\ndef add(a, b):\n    \"\"\"Sum.\"\"\"\n";
  task.wanted = "add";
  task.tests = PythonTests{"", "add"};
  return task;
}

TEST(ProgramOf, GoesOnFromTheStubOrFollowsIt) {
  const CodeTask task = HumanEvalTask();
  EXPECT_EQ(ProgramOf(task, "    return a + b\n"), task.stub + "    return a + b\n");
  const std::string whole = "def add(a, b):\n    return math.fsum((a, b))\n";
  EXPECT_EQ(ProgramOf(task, whole), whole);
  EXPECT_EQ(ProgramOf(task, "add = lambda a, b: a + b"), "add = lambda a, b: a + b");
  // Another function, or a use, is no definition.
  EXPECT_EQ(ProgramOf(task, "    return addition(a)\n"), task.stub + "    return addition(a)\n");
  EXPECT_EQ(ProgramOf(task, "    add = a\n"), task.stub + "    add = a\n");
  EXPECT_EQ(ProgramOf(task, "x = 1\ndef adder(a): pass"), task.stub + "x = 1\ndef adder(a): pass");
}

TEST(ReadCodeTask, TellsWhatIsMissing) {
  const auto reason = [](const nlohmann::json& fields) {
    return std::string(
        MessageOf(ReadCodeTask(testing::MakeProblem(fields), CodeFormat::kAuto).status()));
  };
  EXPECT_THAT(reason({{"question", "?"}}), HasSubstr("neither `test` with `entry_point`"));
  EXPECT_THAT(reason({{"entry_point", "f"}}), HasSubstr("no `test` and `entry_point`"));
  EXPECT_THAT(reason({{"test_list", nlohmann::json::array()}}), HasSubstr("no `test_list`"));
  EXPECT_THAT(reason({{"input_output", "{\"inputs\": [\"1\"], \"outputs\": []}"}}),
              HasSubstr("of equal length"));
  EXPECT_THAT(reason({{"input_output", "not json"}}), HasSubstr("of equal length"));
  EXPECT_THAT(reason({{"input_output", {{"fn_name", "f"}, {"inputs", {1}}, {"outputs", {1}}}}}),
              HasSubstr("no list of arguments"));
}

TEST(ReadCodeTask, MbppAsPublished) {
  const Problem problem = testing::MakeProblem({{"test_list", {"assert add(1, 2) == 3"}},
                                                {"test_setup_code", "import math"},
                                                {"code", "def add(a, b): return a + b"}});
  const auto verifier = testing::CodeReward();
  ASSERT_NE(verifier, nullptr);
  EXPECT_EQ(testing::VerdictOf(verifier->judge(problem, verifier->gold_completion(problem))),
            "correct");
  const Judgement wrong = verifier->judge(problem, "```python\ndef add(a, b):\n    return a\n```");
  EXPECT_EQ(testing::VerdictOf(wrong), "wrong");
  EXPECT_EQ(wrong.reason, "assert add(1, 2) == 3");
  EXPECT_EQ(wrong.extracted, "def add(a, b):\n    return a\n");
}

// A whole function may use what its prompt imports, whatever the prompt's indentation.
TEST(PythonTests, TheStubRunsBeforeAWholeFunction) {
  const auto verifier = testing::CodeReward();
  ASSERT_NE(verifier, nullptr);
  for (const char* stub : {"import math\ndef f(x):\n  'Root.'\n",
                           "import math\ndef f(x):\n",
                           "import math\n",
                           "import math\ndef f(x):\n\t# root\n"}) {
    const Problem problem =
        testing::MakeProblem({{"prompt", stub},
                              {"entry_point", "f"},
                              {"test", "def check(candidate):\n    assert candidate(4) == 2\n"}});
    const Judgement judgement =
        verifier->judge(problem, "```python\ndef f(x):\n    return math.sqrt(x)\n```");
    EXPECT_EQ(testing::VerdictOf(judgement), "correct") << stub << judgement.reason;
  }
}

// Objects of the program's own cross as handles; the program's exceptions keep their builtin type.
TEST(PythonTests, ObjectsAndExceptions) {
  const auto verifier = testing::CodeReward();
  ASSERT_NE(verifier, nullptr);
  const Problem pairs = testing::MakeProblem(
      {{"test_list",
        {"assert total([Pair(1, 2), Pair(3, 4)]) == 10",
         "assert Pair(5, 6).a == 5",
         "assert list(numbers(3)) == [0, 1, 2]",
         "try:\n    total(None)\n    assert False\nexcept TypeError:\n    pass"}}});
  const std::string program =
      "class Pair:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n\n"
      "def total(pairs):\n    return sum(p.a + p.b for p in pairs)\n\n"
      "def numbers(n):\n    yield from range(n)\n";
  EXPECT_EQ(testing::VerdictOf(verifier->judge(pairs, program)), "correct");
}

TEST(PythonTests, TestsThatCannotRunAreAnError) {
  const auto verifier = testing::CodeReward();
  ASSERT_NE(verifier, nullptr);
  const auto judge = [&](const std::string& test) {
    return verifier->judge(
        testing::MakeProblem({{"prompt", ""}, {"entry_point", "f"}, {"test", test}}),
        "def f(): return 1");
  };
  EXPECT_EQ(testing::VerdictOf(judge("def check(candidate:\n")), "error");
  EXPECT_EQ(testing::VerdictOf(judge("import nothing_of_this_name\n")), "error");
  EXPECT_EQ(testing::VerdictOf(judge("def check(candidate):\n    assert candidate() == 1\n")),
            "correct");
}

TEST(OutputDifference, ComparesWordsLineByLine) {
  EXPECT_THAT(OutputDifference("1 2\n3\n\n", "1  2 \n3"), IsEmpty());
  EXPECT_THAT(OutputDifference("", ""), IsEmpty());
  EXPECT_THAT(OutputDifference("1\r\n2\r\n", "1\n2\n"), IsEmpty());
  EXPECT_EQ(OutputDifference("1\n2\n", "1\n3\n"), "line 2: '2' is not '3'");
  EXPECT_EQ(OutputDifference("1\n", "1\n3\n"), "line 2: nothing is not '3'");
  EXPECT_THAT(OutputDifference("2\n1\n", "1\n2\n"), Not(IsEmpty()));
  EXPECT_THAT(OutputDifference("Yes", "YES"), Not(IsEmpty()));
}

TEST(OutputDifference, RoundsOnlyWhatIsAFraction) {
  EXPECT_THAT(OutputDifference("0.3333333", "0.33333334"), IsEmpty());
  EXPECT_THAT(OutputDifference("1e3", "1000.0"), IsEmpty());
  EXPECT_THAT(OutputDifference("0.3333", "0.33333334"), Not(IsEmpty()));
  EXPECT_THAT(OutputDifference("100000000", "100000001"), Not(IsEmpty()));
  EXPECT_THAT(OutputDifference("nan", "1.0"), Not(IsEmpty()));
  EXPECT_THAT(OutputDifference("2.0", "2"), Not(IsEmpty()));
}

}  // namespace
}  // namespace restem
