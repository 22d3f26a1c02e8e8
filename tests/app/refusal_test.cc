// A run directory goes on with what it was made from, and with one process at a time.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "app/process.h"
#include "app/run_files.h"
#include "app/tiny_job.h"
#include "support/paths.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;

class Refusal : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = TestDir();
    job_ = WriteTinyJob(dir_);
    const Outcome begun = Restem({"evaluate", job_, "--iteration", "0"});
    ASSERT_EQ(begun.exit_code, 0) << begun.err;
  }

  // Continues the run and expects a refusal that holds each of `parts` and changes nothing.
  void expect_refused(const std::vector<std::string>& flags,
                      const std::vector<std::string>& parts) const {
    const auto before = FinishedFiles(run_dir_());
    const std::string job_before = ReadText(run_dir_() + "/job.yaml");
    std::vector<std::string> command = {"run", job_};
    command.insert(command.end(), flags.begin(), flags.end());
    const Outcome outcome = Restem(command);
    ASSERT_EQ(outcome.exit_code, 2) << outcome.err;
    for (const std::string& part : parts)
      EXPECT_NE(outcome.err.find(part), std::string::npos) << part << "\nis not in\n"
                                                           << outcome.err;
    EXPECT_EQ(Difference(before, FinishedFiles(run_dir_())), "");
    EXPECT_EQ(ReadText(run_dir_() + "/job.yaml"), job_before);
  }

  std::string run_dir_() const { return dir_ + "/runs/tiny"; }

  std::string dir_;
  std::string job_;
};

TEST_F(Refusal, ChangedJob) {
  expect_refused({"--set", "train.epochs=31", "--set", "seed=6"},
                 {run_dir_(), "train.epochs: 30 -> 31", "seed: 5 -> 6", "--fresh"});
  expect_refused({"--set", "sampler.temperature=0.5"}, {"sampler.temperature: "});
  expect_refused({"--seed", "9"}, {"seed: 5 -> 9"});
}

TEST_F(Refusal, ChangedData) {
  WriteText(dir_ + "/train.jsonl", ParityProblems(10, 11));
  expect_refused({}, {dir_ + "/train.jsonl: the content changed"});
}

TEST_F(Refusal, ChangedDataOfAPattern) {
  WriteText(dir_ + "/shard-1.jsonl", ParityProblems(10, 6));
  WriteText(dir_ + "/shard-2.jsonl", ParityProblems(16, 6));
  std::string job = ReadText(job_);
  const std::string path = "path: train.jsonl";
  WriteText(job_, job.replace(job.find(path), path.size(), "path: shard-*.jsonl"));
  fs::remove_all(run_dir_());
  const Outcome begun = Restem({"evaluate", job_, "--iteration", "0"});
  ASSERT_EQ(begun.exit_code, 0) << begun.err;
  WriteText(dir_ + "/shard-3.jsonl", ParityProblems(30, 1));
  expect_refused({}, {dir_ + "/shard-3.jsonl: was not there"});
  fs::remove(dir_ + "/shard-3.jsonl");
  fs::rename(dir_ + "/shard-1.jsonl", dir_ + "/hidden");
  expect_refused({}, {dir_ + "/shard-1.jsonl: is no longer there"});
  fs::rename(dir_ + "/hidden", dir_ + "/shard-1.jsonl");
  WriteText(dir_ + "/shard-2.jsonl", ParityProblems(16, 5));
  expect_refused({}, {dir_ + "/shard-2.jsonl: the content changed"});
}

TEST_F(Refusal, ChangedWeights) {
  const std::string path = dir_ + "/base/model.safetensors";
  std::string weights = ReadText(path);
  weights.back() = static_cast<char>(weights.back() ^ 1);
  WriteText(path, weights);
  expect_refused({}, {path + ": the content changed"});
}

TEST_F(Refusal, FileAddedToTheBase) {
  WriteText(dir_ + "/base/special_tokens_map.json", "{}");
  expect_refused({}, {dir_ + "/base/special_tokens_map.json"});
}

TEST_F(Refusal, FileRemovedFromTheBase) {
  fs::remove(dir_ + "/base/generation_config.json");
  expect_refused({}, {dir_ + "/base/generation_config.json"});
}

TEST_F(Refusal, UndoneChangeIsContinued) {
  const std::string data = ReadText(dir_ + "/train.jsonl");
  WriteText(dir_ + "/train.jsonl", ParityProblems(10, 11));
  expect_refused({}, {"train.jsonl"});
  WriteText(dir_ + "/train.jsonl", data);
  const Outcome outcome = Restem({"sample", job_, "--iteration", "1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(Refusal, FreshLeavesTheOldDirectory) {
  const auto before = FinishedFiles(run_dir_());
  const std::vector<std::string> command = {
      "run", job_, "--set", "train.epochs=1", "--set", "control=none", "--fresh"};
  Outcome outcome = Restem(command);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(run_dir_() + "-2"), std::string::npos) << outcome.err;
  EXPECT_EQ(Difference(before, FinishedFiles(run_dir_())), "");
  EXPECT_TRUE(fs::exists(run_dir_() + "-2/iterations/02/eval.json"));
  EXPECT_EQ(ReadText(run_dir_() + "-2/iterations/00/eval.json"),
            ReadText(run_dir_() + "/iterations/00/eval.json"));
  EXPECT_FALSE(fs::exists(run_dir_() + "-3"));
  outcome = Restem(command);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Difference(FinishedFiles(run_dir_() + "-2"), FinishedFiles(run_dir_() + "-3")), "");
}

TEST_F(Refusal, SecondProcess) {
  const std::string dir = dir_ + "/long";
  const std::vector<std::string> command = {"run",
                                            job_,
                                            "--run-dir",
                                            dir,
                                            "--set",
                                            "train.max_steps=100000",
                                            "--set",
                                            "train.patience=0"};
  Process first(command);
  ASSERT_TRUE(first.wait_for_log("run directory"));
  const Outcome second = Restem(command);
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find("pid " + std::to_string(first.pid()) + ")"), std::string::npos)
      << second.err;
  EXPECT_TRUE(first.running()) << "the second process disturbed the first";
  // The lock goes with the process, however it ends.
  first.send(SIGKILL);
  first.wait();
  Process third(command);
  ASSERT_TRUE(third.wait_for_log("run directory")) << third.log();
  third.send(SIGTERM);
  EXPECT_EQ(third.wait().exit_code, 75);
}

TEST_F(Refusal, CheckWritesNothing) {
  const auto list = [&] {
    std::set<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(dir_)) paths.insert(entry.path());
    return paths;
  };
  const auto before = list();
  const Outcome outcome = Restem({"check", job_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("the job is sound"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("seen shares 5 problems with train"), std::string::npos)
      << outcome.out;
  EXPECT_EQ(list(), before);
}

}  // namespace
}  // namespace restem::testing
