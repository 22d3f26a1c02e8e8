// Several processes of one run, started as a launcher starts them: whoever draws a sample, and
// whoever dies, the files are those of one process.
#include "app/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <random>
#include <thread>

namespace restem::testing {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> kInParts = {
    "--set", "sampler.tensor_parallel_size=2", "--set", "train.tensor_parallel_size=2"};

// What was drawn, without log-probs.
std::map<std::pair<std::string, int>, std::string> CompletionsOf(const std::string& dir) {
  std::map<std::pair<std::string, int>, std::string> completions;
  std::istringstream lines(ReadText(dir + "/iterations/01/samples.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto sample = nlohmann::json::parse(line);
    completions[{sample["problem"], sample["sample"]}] = sample["tokens"].dump();
  }
  return completions;
}

TEST_F(Cluster, AnyNumberOfProcessesMakesTheSame) {
  const std::string one = run_of(1);
  ExpectSameUpToRounding(one, run_of(2));
  ExpectSameUpToRounding(one, run_of(4));
  ExpectSameUpToRounding(one, run_of(2, {"--set", "train.sharding=none"}));
}

// With as many as before, to the bit.
TEST_F(Cluster, TheSameNumberOfProcessesMakesTheSameFiles) {
  const std::string first = run_of(2);
  EXPECT_EQ(
      Difference(FinishedFiles(first), FinishedFiles(run_of(2, {"--set", "train.save_every=3"}))),
      "");
}

TEST_F(Cluster, WhatIsCancelledIsTheSame) {
  const std::vector<std::string> stop = {
      "--set", "sampler.stop_at_correct=1", "--set", "sampler.samples_per_problem=24"};
  const std::string one = run_of(1, stop);
  ASSERT_TRUE(FirstEStep(one).contains("iterations/01/cancelled.jsonl")) << "nothing was cancelled";
  ExpectSameUpToRounding(one, run_of(3, stop));
}

// One that stands still for longer than others wait, and goes on.
TEST_F(Cluster, AHelperThatComesBackChangesNothing) {
  const std::string expected = run_of(1);
  const std::string dir = run_dir("stalled");
  const auto processes = start_all(2, dir);
  ASSERT_TRUE(processes[0]->wait_for_log("run directory"));
  processes[1]->send(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  processes[1]->send(SIGCONT);
  EXPECT_EQ(processes[0]->wait().exit_code, 0);
  processes[1]->wait();  // it has come too late to be told so, or not
  ExpectSameUpToRounding(expected, dir);
}

TEST_F(Cluster, HelpersThatDieLoseNothing) {
  const std::string expected = run_of(1);
  std::mt19937 random(11);
  for (int round = 0; round < 4; ++round) {
    const std::string dir = run_dir("killed-" + std::to_string(round));
    const auto processes = start_all(3, dir);
    for (int rank = 1; rank <= 2; ++rank) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1500));
      processes[static_cast<size_t>(rank)]->send(SIGKILL);
    }
    const Outcome leader = processes[0]->wait();
    EXPECT_EQ(leader.exit_code, 0) << leader.err;
    ExpectSameUpToRounding(expected, dir);
  }
}

// In the middle of the M-step: the others go on from the last checkpoint.
TEST_F(Cluster, ATrainerThatDiesLosesNothing) {
  const std::vector<std::string> long_training = {"--set", "train.epochs=60"};
  const std::string expected = run_of(1, long_training);
  std::mt19937 random(12);
  for (int round = 0; round < 3; ++round) {
    const std::string dir = run_dir("trainer-killed-" + std::to_string(round));
    const auto processes = start_all(3, dir, long_training);
    ASSERT_TRUE(processes[0]->wait_for_log("train 01"));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1000));
    processes[1]->send(SIGKILL);
    const Outcome leader = processes[0]->wait();
    EXPECT_EQ(leader.exit_code, 0) << leader.err;
    EXPECT_THAT(leader.err, HasSubstr("rank 1 has not been heard of for 1 s; going on with the"));
    const Outcome other = processes[2]->wait();
    EXPECT_EQ(other.exit_code, 0) << other.err;
    ExpectSameUpToRounding(expected, dir);
  }
}

// Without its leader a run ends; started again, it goes on.
TEST_F(Cluster, TheLeadersDeathEndsTheRunAndLosesNothing) {
  const std::string expected = run_of(1);
  const std::string dir = run_dir("beheaded");
  {
    const auto processes = start_all(3, dir);
    ASSERT_TRUE(processes[0]->wait_for_log("sample 01"));
    processes[0]->send(SIGKILL);
    for (int rank = 1; rank <= 2; ++rank) {
      const Outcome outcome = processes[static_cast<size_t>(rank)]->wait();
      EXPECT_EQ(outcome.exit_code, 1);
      EXPECT_THAT(outcome.err,
                  ::testing::AnyOf(HasSubstr("the store at 127.0.0.1"),
                                   HasSubstr("rank 0 has not been heard of")));
    }
  }
  const auto again = start_all(2, dir);  // with another number
  for (const auto& process : again) EXPECT_EQ(process->wait().exit_code, 0);
  ExpectSameUpToRounding(expected, dir);
}

TEST_F(Cluster, ASignalStopsAllAndTheRunGoesOn) {
  const std::string expected = run_of(1);
  const std::string dir = run_dir("stopped");
  {
    const auto processes = start_all(2, dir);
    ASSERT_TRUE(processes[0]->wait_for_log("sample 01"));
    ASSERT_TRUE(processes[1]->wait_for_log("meeting at"));
    for (const auto& process : processes) process->send(SIGTERM);
    for (const auto& process : processes) EXPECT_EQ(process->wait().exit_code, 75);
  }
  const auto again = start_all(2, dir);
  for (const auto& process : again) EXPECT_EQ(process->wait().exit_code, 0);
  ExpectSameUpToRounding(expected, dir);
}

// Who is not signalled himself ends with the leader.
TEST_F(Cluster, ASignalToTheLeaderStopsTheOthers) {
  const std::string dir = run_dir("led");
  const auto processes = start_all(2, dir);
  ASSERT_TRUE(processes[0]->wait_for_log("sample 01"));
  ASSERT_TRUE(processes[1]->wait_for_log("meeting at"));
  processes[0]->send(SIGTERM);
  EXPECT_EQ(processes[0]->wait().exit_code, 75);
  const Outcome other = processes[1]->wait();
  EXPECT_EQ(other.exit_code, 75) << other.err;
}

// Each rank has half of every layer, for training, for drawing and for measuring.
TEST_F(Cluster, ModelsInPartsMakeTheSame) {
  const std::string one = run_of(1);
  ExpectSameUpToRounding(one, run_of(2, {"--set", "train.tensor_parallel_size=2"}));
  const std::string two = run_of(2, kInParts);
  ExpectSameUpToRounding(two, run_of(5, kInParts));  // two draw together, two more; one waits
  EXPECT_EQ(CompletionsOf(two), CompletionsOf(one));
}

// Who has a part is missed at once; started again, the run goes on.
TEST_F(Cluster, APartThatDiesEndsTheRunAndLosesNothing) {
  const std::string expected = run_of(2, kInParts);
  std::mt19937 random(13);
  for (const std::string stage : {"sample 01", "train 01", "evaluate 01"}) {
    const std::string dir = run_dir("part-killed-in-" + stage.substr(0, stage.find(' ')));
    {
      const auto processes = start_all(2, dir, kInParts);
      ASSERT_TRUE(processes[0]->wait_for_log(stage));
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 300));
      processes[1]->send(SIGKILL);
      const Outcome leader = processes[0]->wait();
      EXPECT_EQ(leader.exit_code, 1) << leader.err;
      EXPECT_THAT(leader.err, HasSubstr("rank 1"));
    }
    for (const auto& process : start_all(2, dir, kInParts))
      EXPECT_EQ(process->wait().exit_code, 0) << stage;
    ExpectSameUpToRounding(expected, dir);
  }
}

TEST_F(Cluster, ASignalStopsPartsToo) {
  const std::string expected = run_of(2, kInParts);
  const std::string dir = run_dir("parts-stopped");
  {
    const auto processes = start_all(2, dir, kInParts);
    ASSERT_TRUE(processes[0]->wait_for_log("sample 01"));
    for (const auto& process : processes) process->send(SIGTERM);
    for (const auto& process : processes) {
      const Outcome outcome = process->wait();
      EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
    }
  }
  for (const auto& process : start_all(2, dir, kInParts)) EXPECT_EQ(process->wait().exit_code, 0);
  ExpectSameUpToRounding(expected, dir);
}

TEST_F(Cluster, PartsNeedProcesses) {
  Process process({"run", job_, "--set", "train.tensor_parallel_size=2"});
  const Outcome alone = process.wait();
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err,
              HasSubstr("tensor_parallel_size 2 needs as many processes, not 1: start them with "
                        "torchrun, srun or mpirun"));
}

TEST_F(Cluster, AnotherJobIsRefused) {
  port_ = FreePort();
  const std::string dir = run_dir("other");
  const auto leader = start(0, 2, dir);
  const auto other = start(1, 2, dir, {"--set", "sampler.temperature=0.5"});
  const Outcome outcome = other->wait();
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("rank 1 was started with another job than rank 0"));
  EXPECT_THAT(outcome.err, HasSubstr("sampler.temperature"));
  EXPECT_EQ(leader->wait().exit_code, 0) << "it goes on alone";
}

}  // namespace
}  // namespace restem::testing
