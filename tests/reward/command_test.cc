// Reward `command` with real workers that die, hang, print garbage and are slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/parallel.h"
#include "reward/json_fields.h"
#include "reward/judge.h"
#include "reward/log_capture.h"
#include "support/paths.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::MakeProblem;
using testing::TryReward;
using testing::VerdictOf;

class CommandReward : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto python = testing::Python();
    if (!python) GTEST_SKIP() << "no Python: neither RESTEM_PYTHON nor .venv";
    python_ = *python;
  }
  json spec(const std::vector<std::string>& arguments = {}, double timeout = 20) const {
    std::vector<std::string> argv = {python_, RESTEM_SOURCE_DIR "/tests/reward/workers/judge.py"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {{"type", "command"}, {"argv", argv}, {"timeout_seconds", timeout}};
  }
  std::unique_ptr<Verifier> reward(const std::vector<std::string>& arguments = {},
                                   double timeout = 20) {
    return testing::Reward(spec(arguments, timeout));
  }
  // With this, even a first answer must come within the timeout.
  std::unique_ptr<Verifier> impatient(const std::vector<std::string>& arguments, double timeout) {
    json json_spec = spec(arguments, timeout);
    json_spec["start_seconds"] = 0;
    return testing::Reward(json_spec);
  }
  static std::string judge(const Verifier& verifier, const std::string& text) {
    const Judgement judgement = verifier.judge(problem(), text);
    return VerdictOf(judgement) + (judgement.reason.empty() ? "" : ": " + judgement.reason);
  }
  static const Problem& problem() {
    static const Problem problem = MakeProblem({{"answer", 18}}, "p1");
    return problem;
  }
  std::string python_;
};

double SecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_F(CommandReward, Judges) {
  const auto verifier = reward();
  EXPECT_EQ(judge(*verifier, "18"), "correct");
  EXPECT_EQ(judge(*verifier, "19"), "wrong: not 18");
  EXPECT_EQ(verifier->judge(problem(), "19").extracted, "19");
}

TEST_F(CommandReward, SendsTheProblemsFieldsAndAnyText) {
  const auto verifier = reward();
  const Problem rich =
      MakeProblem({{"id", "not this"}, {"text", "nor this"}, {"answer", 1}, {"tests", {"a", "b"}}},
                  "näme\n\"1\"");
  const Judgement judgement = verifier->judge(rich, "fields");
  EXPECT_EQ(
      json::parse(judgement.extracted),
      json({{"id", "näme\n\"1\""}, {"text", "fields"}, {"answer", 1}, {"tests", {"a", "b"}}}));
  for (const std::string& text :
       {std::string("a\nb\r\n\"c\"\\ \t"), std::string("\xff\xfe\x80"), std::string()}) {
    EXPECT_EQ(VerdictOf(verifier->judge(problem(), text)), "wrong") << text;
  }
  // More than any pipe holds, both ways.
  const std::string large(3'000'000, 'z');
  EXPECT_EQ(verifier->judge(problem(), large).extracted, large);
}

TEST_F(CommandReward, KeepsItsWorker) {
  const auto verifier = reward();
  const std::string first = verifier->judge(problem(), "pid").extracted;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(verifier->judge(problem(), "pid").extracted, first);
}

TEST_F(CommandReward, ADyingWorkerIsAnErrorWithItsLastWords) {
  const auto verifier = reward();
  EXPECT_EQ(judge(*verifier, "die"),
            "error: the worker ended with exit code 3; its last words: out of luck");
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

TEST_F(CommandReward, ADeathIsTriedOnceMore) {
  const std::string flag = testing::TestDir() + "/died";
  const auto verifier = reward({"once", flag});
  EXPECT_EQ(VerdictOf(Judge(*verifier, problem(), "die once")), "correct");
  EXPECT_TRUE(std::filesystem::exists(flag));
}

TEST_F(CommandReward, AWorkerKilledWhileIdleIsReplaced) {
  const auto verifier = reward();
  const std::string pid = verifier->judge(problem(), "pid").extracted;
  ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0);
  EXPECT_EQ(VerdictOf(Judge(*verifier, problem(), "18")), "correct");
  EXPECT_NE(verifier->judge(problem(), "pid").extracted, pid);
}

TEST_F(CommandReward, AWorkerThatDiesAtOnceIsAnError) {
  const auto verifier = reward({"dead"});
  EXPECT_EQ(judge(*verifier, "18"), "error: the worker ended with exit code 7");
}

// Ten thousand completions must not start ten thousand programs, nor wait for each of them, nor
// fill the log.
TEST_F(CommandReward, AWorkerThatNeverStartsIsNotStartedForEachCompletion) {
  const std::string starts = testing::TestDir() + "/starts";
  std::ostringstream log;
  const testing::LogCapture capture(log);
  const auto verifier = reward({"dead", starts});
  for (int i = 0; i < 200; ++i)
    EXPECT_THAT(judge(*verifier, "18"), HasSubstr("error: the worker ended with exit code 7"));
  EXPECT_LT(std::filesystem::file_size(starts), 30u);  // a byte for each
  const std::string lines = log.str();
  EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 6) << lines;
}

TEST_F(CommandReward, WorkersAreStartedAgainOnceTheCauseIsGone) {
  const std::string flag = testing::TestDir() + "/mended";
  const auto verifier = reward({"dead until", flag});
  for (int i = 0; i < 5; ++i) EXPECT_THAT(judge(*verifier, "18"), HasSubstr("exit code 7"));
  std::ofstream(flag) << "x";
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

TEST_F(CommandReward, AHangIsAnErrorInTime) {
  const auto verifier = impatient({}, 1.5);
  EXPECT_EQ(judge(*verifier, "18"), "correct");
  const double seconds = SecondsOf([&] {
    EXPECT_THAT(judge(*verifier, "hang"), HasSubstr("error: the worker gave no answer in time"));
  });
  EXPECT_GT(seconds, 1.4);
  EXPECT_LT(seconds, 60.0);
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

TEST_F(CommandReward, AWorkerThatNeverReadsIsAnErrorInTime) {
  const auto verifier = impatient({"deaf"}, 0.3);
  const double seconds = SecondsOf([&] {
    EXPECT_THAT(judge(*verifier, std::string(1'000'000, 'z')), HasSubstr("no answer in time"));
  });
  EXPECT_LT(seconds, 60.0);
}

TEST_F(CommandReward, WhatAWorkerStartedEndsWithIt) {
  const std::string pid_file = testing::TestDir() + "/pid";
  const auto verifier = impatient({"child", pid_file}, 1.5);
  EXPECT_THAT(judge(*verifier, "hang with child"), HasSubstr("no answer in time"));
  int pid = 0;
  ASSERT_TRUE(std::ifstream(pid_file) >> pid);
  // It is gone, or a zombie that nobody has waited for yet.
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string id, name, state;
    stat >> id >> name >> state;
    if (state == "Z") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(CommandReward, AnswersThatAreNoneAreErrors) {
  const auto verifier = reward();
  EXPECT_THAT(judge(*verifier, "garbage"), HasSubstr("error: the worker wrote no JSON object"));
  EXPECT_EQ(judge(*verifier, "list"), "error: the worker wrote no JSON object: [1, 2]");
  EXPECT_THAT(judge(*verifier, "no verdict"), HasSubstr("error: the worker gave no \"verdict\""));
  EXPECT_THAT(judge(*verifier, "maybe"), HasSubstr("error: the worker gave no \"verdict\""));
  EXPECT_THAT(judge(*verifier, "other id"),
              HasSubstr("error: the worker answered another problem than 'p1'"));
  EXPECT_THAT(judge(*verifier, "endless"), HasSubstr("without an end"));
  EXPECT_EQ(judge(*verifier, "cannot"), "error: no network");
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

// The second of two answers must not pass for the answer to the next request.
TEST_F(CommandReward, ALineTooManyIsNotTheNextAnswer) {
  const auto verifier = reward();
  EXPECT_EQ(judge(*verifier, "twice"), "wrong: not 18");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

TEST_F(CommandReward, OutputMayComeInPiecesAndStderrMayBeLong) {
  const auto verifier = reward();
  EXPECT_EQ(judge(*verifier, "in pieces"), "correct");
  EXPECT_EQ(judge(*verifier, "chatter"), "correct");
  EXPECT_EQ(judge(*verifier, "18"), "correct");
}

TEST_F(CommandReward, StartingIsNotTheCompletionsTime) {
  json patient = spec({"slow start"}, 0.3);
  patient["start_seconds"] = 20;
  EXPECT_EQ(judge(*testing::Reward(patient), "18"), "correct");
  EXPECT_THAT(judge(*impatient({"slow start"}, 0.3), "18"), HasSubstr("no answer in time"));
}

TEST_F(CommandReward, CallersGetWorkersOfTheirOwn) {
  constexpr size_t kCallers = 4;
  const auto verifier = reward({"slow"});
  std::array<std::string, kCallers> pids;
  const auto ask_all = [&] {
    RunLanes(kCallers,
             [&](size_t lane) { pids[lane] = verifier->judge(problem(), "pid").extracted; });
  };
  ask_all();
  const std::set<std::string> first(pids.begin(), pids.end());
  EXPECT_EQ(first.size(), kCallers);
  ask_all();  // the same workers again
  EXPECT_EQ(std::set<std::string>(pids.begin(), pids.end()), first);
}

TEST_F(CommandReward, ManyThreadsManyVerdictsAndSomeDeaths) {
  const auto verifier = reward();
  std::atomic<int> correct = 0, wrong = 0, error = 0;
  RunLanes(4, [&](size_t lane) {
    for (int i = 0; i < 50; ++i) {
      const std::string text = i == 25 && lane < 2 ? "die" : i % 2 == 0 ? "18" : "19";
      const std::string verdict = VerdictOf(verifier->judge(problem(), text));
      ++(verdict == "correct" ? correct : verdict == "wrong" ? wrong : error);
    }
  });
  EXPECT_EQ(correct, 100);
  EXPECT_EQ(wrong, 98);
  EXPECT_EQ(error, 2);
}

TEST_F(CommandReward, LeavesNoProcessBehind) {
  pid_t pid = 0;
  {
    const auto verifier = reward();
    pid = std::stoi(verifier->judge(problem(), "pid").extracted);
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(CommandReward, ClosesQuicklyEvenIfTheWorkerIgnoresIt) {
  auto verifier = reward({"deaf"});
  EXPECT_LT(SecondsOf([&] { verifier.reset(); }), 60.0);
}

TEST(CommandRewardStart, NamesWhatCannotBeStarted) {
  const auto missing = TryReward({{"type", "command"}, {"argv", {"/no/such/program"}}});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(missing.status()),
            "reward command: cannot start '/no/such/program': No such file or directory");
  const auto nowhere =
      TryReward({{"type", "command"}, {"argv", {"cat"}}, {"directory", "/no/such/folder"}});
  ASSERT_FALSE(nowhere.ok());
  EXPECT_THAT(std::string(MessageOf(nowhere.status())), HasSubstr("in folder '/no/such/folder'"));
  EXPECT_EQ(testing::RewardProblems({{"type", "command"}}),
            std::vector<std::string>{"argv: names no program"});
}

// A shell loop is a worker too.
TEST(CommandRewardStart, RunsAShellInAFolder) {
  const std::string dir = testing::TestDir();
  std::ofstream(dir + "/here") << "x";
  const auto verifier = testing::Reward(
      {{"type", "command"},
       {"argv",
        {"sh",
         "-c",
         R"(while read -r line; do test -e here && echo '{"verdict":"correct"}'; done)"}},
       {"directory", dir}});
  EXPECT_EQ(VerdictOf(verifier->judge(MakeProblem(json::object()), "x")), "correct");
}

}  // namespace
}  // namespace restem
