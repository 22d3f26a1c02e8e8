// Several processes of one run, started as a launcher starts them: whoever draws a sample, and
// whoever dies, the files are those of one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "app/resume.h"
#include "io/safetensors.h"
#include "support/free_port.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// What is drawn from the base, judged and selected: the same bytes, whoever did it.
std::map<std::string, std::string> FirstEStep(const std::string& dir) {
  std::map<std::string, std::string> files;
  for (const auto& [path, content] : FinishedFiles(dir)) {
    const bool is_data = path.ends_with(".jsonl") && path.find("/eval/") == std::string::npos;
    if (path.starts_with("iterations/00/") || (path.starts_with("iterations/01/") && is_data))
      files[path] = content;
  }
  return files;
}

// The largest difference of two checkpoints' weights, beside the largest weight.
double Distance(const std::string& a, const std::string& b) {
  const auto x = SafetensorsFile::open(a + "/model.safetensors");
  const auto y = SafetensorsFile::open(b + "/model.safetensors");
  EXPECT_TRUE(x.ok() && y.ok()) << x.status() << y.status();
  if (!x.ok() || !y.ok()) return INFINITY;
  double difference = 0.0;
  double largest = 0.0;
  for (const auto& [name, view] : x->tensors()) {
    const auto* p = reinterpret_cast<const float*>(view.bytes.data());
    const auto* q = reinterpret_cast<const float*>(y->tensors().at(name).bytes.data());
    for (size_t i = 0; i < view.bytes.size() / sizeof(float); ++i) {
      difference = std::max(difference, std::abs(static_cast<double>(p[i]) - q[i]));
      largest = std::max(largest, std::abs(static_cast<double>(p[i])));
    }
  }
  return difference / largest;
}

// The losses of the first iteration's steps, by arm and step; the last that was recorded of each.
std::map<std::pair<std::string, int>, double> Losses(const std::string& dir) {
  std::map<std::pair<std::string, int>, double> losses;
  std::istringstream lines(ReadText(dir + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::json::parse(line);
    if (event["event"] == "train_step" && event["iteration"] == 1)
      losses[{event["arm"], event["step"]}] = event["loss"];
  }
  return losses;
}

// Training adds the same numbers up in another order. AdamW makes a full step, of the learning rate
// 1e-2, of a gradient that is nothing but rounding: such weights, which matter to no loss, may end
// up half a step apart.
void ExpectSameUpToRounding(const std::string& reference, const std::string& dir) {
  ASSERT_FALSE(FirstEStep(reference).empty());
  EXPECT_EQ(Difference(FirstEStep(reference), FirstEStep(dir)), "");
  const auto expected = Losses(reference);
  const auto actual = Losses(dir);
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [step, loss] : expected)
    EXPECT_NEAR(actual.at(step), loss, 1e-4 * loss) << step.first << " " << step.second;
  for (const char* arm : {"/iterations/01/", "/iterations/01/control/"})
    EXPECT_LT(Distance(reference + arm + "checkpoint", dir + arm + "checkpoint"), 5e-3) << arm;
  EXPECT_EQ(Leftovers(dir), std::set<std::string>());
  EXPECT_TRUE(std::filesystem::exists(dir + "/iterations/02/eval.json"));
}

class Cluster : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::string(RESTEM_BINARY_DIR) + "/test-output/cluster-" + std::to_string(::getpid());
    fs::remove_all(root_);
    job_ = WriteTinyJob(root_);
  }
  void TearDown() override {
    for (const char* name : {"RANK",
                             "WORLD_SIZE",
                             "LOCAL_RANK",
                             "MASTER_ADDR",
                             "MASTER_PORT",
                             "TORCHELASTIC_RESTART_COUNT"})
      ::unsetenv(name);
    if (!HasFailure()) fs::remove_all(root_);
  }

  std::string run_dir(const std::string& name) const { return root_ + "/" + name; }

  // As torchrun would, `restart` times restarted.
  std::unique_ptr<Process> start(int rank,
                                 int ranks,
                                 const std::string& dir,
                                 const std::vector<std::string>& more = {}) {
    ::setenv("RANK", std::to_string(rank).c_str(), 1);
    ::setenv("LOCAL_RANK", std::to_string(rank).c_str(), 1);
    ::setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
    ::setenv("MASTER_ADDR", "127.0.0.1", 1);
    ::setenv("MASTER_PORT", std::to_string(port_).c_str(), 1);
    std::vector<std::string> words = {"run", job_, "--run-dir", dir};
    for (const char* set :
         {"model.dtype=float32",
          "train.epochs=8",
          "cluster.lost_after_seconds=1",
          "cluster.timeout_seconds=8"})
      words.insert(words.end(), {"--set", set});
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Process>(words);
  }
  std::vector<std::unique_ptr<Process>> start_all(int ranks,
                                                  const std::string& dir,
                                                  const std::vector<std::string>& more = {}) {
    port_ = FreePort();
    std::vector<std::unique_ptr<Process>> processes;
    for (int rank = 0; rank < ranks; ++rank) processes.push_back(start(rank, ranks, dir, more));
    return processes;
  }
  std::string run_of(int ranks, const std::vector<std::string>& more = {}) {
    const std::string dir =
        run_dir("of-" + std::to_string(ranks) + "-" + std::to_string(more.size()));
    const auto processes = start_all(ranks, dir, more);
    for (const auto& process : processes) {
      const Outcome outcome = process->wait();
      EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    }
    return dir;
  }

  std::string root_;
  std::string job_;
  uint16_t port_ = 0;
};

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
    EXPECT_EQ(processes[2]->wait().exit_code, 0);
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
