// A run that is killed, stopped or done stage by stage ends as one that was never interrupted.
#include "app/resume.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "app/process.h"
#include "app/run_files.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

TEST_P(Resume, TheLoopLearnsAndItsFilesAreThere) {
  const auto pass_at_1 = [&](const std::string& folder) {
    return json::parse(
               reference_.files.at("iterations/" + folder + "/eval.json"))["sets"]["held-out"]
        .at("pass@1")
        .get<double>();
  };
  EXPECT_GT(pass_at_1("02"), pass_at_1("00"));
  EXPECT_GT(pass_at_1("02"), pass_at_1("02/control"));
  for (const std::string iteration : {"01", "02"}) {
    const std::string folder = "iterations/" + iteration + "/";
    for (const char* file : {"samples.jsonl", "verdicts.jsonl"}) {
      const std::string text = reference_.files.at(folder + file);
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 12 * 4) << file;
    }
    for (const char* file :
         {"dataset.jsonl", "eval.json", "control/dataset.jsonl", "control/eval.json"}) {
      EXPECT_FALSE(reference_.files.at(folder + file).empty()) << file;
    }
    for (const char* arm : {"", "control/"}) {
      const std::string file = folder + arm + weights_file();
      EXPECT_FALSE(reference_.files.at(file).empty()) << file;
    }
  }
  EXPECT_EQ(Leftovers(reference_.run_dir), std::set<std::string>{});
}

TEST_P(Resume, KilledAtAnyMoment) {
  const int wanted = GetParam() == std::string("float32") ? 20 : 8;
  std::mt19937_64 random(20231206);
  std::uniform_real_distribution<double> moment(0.02, 0.95);  // shares of a whole run
  double whole_seconds = reference_.seconds;
  int kills = 0;
  for (int round = 0; kills < wanted; ++round) {
    ASSERT_LT(round, 2 * wanted) << "the process always ends before it is killed";
    const std::string dir = run_dir("killed-" + std::to_string(round));
    kills += KillUntilDone(
        command("run", dir), wanted - kills, whole_seconds, [&] { return moment(random); });
    ExpectSameRun(reference_.run_dir, dir);
    if (HasFailure()) return;  // the directory is left to be looked at
    fs::remove_all(dir);
  }
}

// Waits until the run is in the given stage; false where the process ended before.
bool ReachStage(Process& process, const std::string& dir, int iteration, std::string stage) {
  while (process.running()) {
    std::ifstream file(dir + "/state.json");
    const json state = json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (state.is_object() && state["iteration"] == iteration && state["stage"] == stage)
      return true;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return false;
}

TEST_P(Resume, KilledInEveryStage) {
  const std::string dir = run_dir("killed");
  int kills = 0;
  for (int iteration = 0; iteration <= 2; ++iteration) {
    for (const char* stage : {"sample", "score", "select", "train", "evaluate", "control"}) {
      if (iteration == 0 && std::string(stage) != "evaluate") continue;
      Process process(command("run", dir));
      if (!ReachStage(process, dir, iteration, stage)) continue;
      process.send(SIGKILL);
      kills += process.wait().signal == SIGKILL ? 1 : 0;
    }
  }
  EXPECT_GE(kills, 5) << "most stages were too short to be caught in";
  const Outcome last = Restem(command("run", dir));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  ExpectSameRun(reference_.run_dir, dir);
}

TEST_P(Resume, StoppedBySignals) {
  const std::string dir = run_dir("stopped");
  const auto stop = [&](int signal, int iteration, const char* stage) {
    Process process(command("run", dir));
    EXPECT_TRUE(ReachStage(process, dir, iteration, stage));
    process.send(signal);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.exit_code, signal == SIGTERM ? 75 : 130) << stage << "\n" << outcome.err;
    EXPECT_NE(outcome.err.find("run the same command again"), std::string::npos) << outcome.err;
  };
  stop(SIGTERM, 0, "evaluate");
  stop(SIGINT, 1, "sample");
  stop(SIGTERM, 1, "train");
  stop(SIGINT, 1, "control");
  stop(SIGTERM, 2, "sample");
  stop(SIGINT, 2, "train");
  const Outcome last = Restem(command("run", dir));
  ASSERT_EQ(last.exit_code, 0) << last.err;
  ExpectSameRun(reference_.run_dir, dir);
}

TEST_P(Resume, StageByStage) {
  const std::string dir = run_dir("stages");
  const auto stage = [&](const char* name, int iteration) {
    std::vector<std::string> words = command(name, dir);
    words.insert(words.end(), {"--iteration", std::to_string(iteration)});
    return Restem(words);
  };
  ASSERT_EQ(stage("evaluate", 0).exit_code, 0);
  for (int iteration = 1; iteration <= 2; ++iteration) {
    for (const char* name : {"sample", "score", "select", "train", "evaluate"}) {
      const Outcome outcome = stage(name, iteration);
      ASSERT_EQ(outcome.exit_code, 0) << name << "\n" << outcome.err;
    }
    const std::string folder = "iterations/0" + std::to_string(iteration) + "/";
    for (const std::string file :
         {"samples.jsonl", "verdicts.jsonl", "dataset.jsonl", "eval.json", weights_file()}) {
      EXPECT_EQ(ReadText(dir + "/" + folder + file), reference_.files.at(folder + file)) << file;
    }
  }
  // Again: complete stages are left alone.
  const auto written = fs::last_write_time(dir + "/iterations/01/samples.jsonl");
  EXPECT_EQ(stage("sample", 1).exit_code, 0);
  EXPECT_EQ(fs::last_write_time(dir + "/iterations/01/samples.jsonl"), written);
  // `run` adds what no stage command makes: the control.
  const Outcome run = Restem(command("run", dir));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Difference(reference_.files, FinishedFiles(dir)), "");
}

TEST_P(Resume, StageOutOfOrderNamesWhatIsMissing) {
  const std::string dir = run_dir("order");
  std::vector<std::string> words = command("train", dir);
  words.insert(words.end(), {"--iteration", "1"});
  const Outcome outcome = Restem(words);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("`train` of iteration 1 needs `select` of iteration 1"),
            std::string::npos)
      << outcome.err;
}

TEST_P(Resume, RunAgainChangesNothing) {
  const Outcome again = Restem(command("run", reference_.run_dir));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Difference(reference_.files, FinishedFiles(reference_.run_dir)), "");
}

INSTANTIATE_TEST_SUITE_P(Dtypes,
                         Resume,
                         ::testing::Values("float32", "bfloat16", "lora"),
                         [](const auto& dtype) { return std::string(dtype.param); });

}  // namespace
}  // namespace restem::testing
