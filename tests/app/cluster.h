// Runs of several processes, started as a launcher starts them, and one of a single process to
// compare them with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/process.h"
#include "app/run_files.h"
#include "app/tiny_job.h"
#include "io/safetensors.h"
#include "support/free_port.h"

namespace restem::testing {

// What is drawn from the base, judged and selected: the same bytes, whoever did it.
inline std::map<std::string, std::string> FirstEStep(const std::string& dir) {
  std::map<std::string, std::string> files;
  for (const auto& [path, content] : FinishedFiles(dir)) {
    const bool is_data = path.ends_with(".jsonl") && path.find("/eval/") == std::string::npos;
    if (path.starts_with("iterations/00/") || (path.starts_with("iterations/01/") && is_data))
      files[path] = content;
  }
  return files;
}

// The largest difference of two checkpoints' weights, beside the largest weight.
inline double Distance(const std::string& a, const std::string& b) {
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
inline std::map<std::pair<std::string, int>, double> Losses(const std::string& dir) {
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
// 2e-3, of a gradient that is nothing but rounding: such weights, which matter to no loss, may end
// up some steps apart.
inline void ExpectSameUpToRounding(const std::string& reference, const std::string& dir) {
  ASSERT_FALSE(FirstEStep(reference).empty());
  EXPECT_EQ(Difference(FirstEStep(reference), FirstEStep(dir)), "");
  const auto expected = Losses(reference);
  const auto actual = Losses(dir);
  ASSERT_EQ(actual.size(), expected.size());
  double largest = 0.0;
  for (const auto& [step, loss] : expected) largest = std::max(largest, loss);
  for (const auto& [step, loss] : expected)
    EXPECT_NEAR(actual.at(step), loss, 1e-4 * largest) << step.first << " " << step.second;
  for (const char* arm : {"/iterations/01/", "/iterations/01/control/"})
    EXPECT_LT(Distance(reference + arm + "checkpoint", dir + arm + "checkpoint"), 5e-3) << arm;
  EXPECT_EQ(Leftovers(dir), std::set<std::string>());
  EXPECT_TRUE(std::filesystem::exists(dir + "/iterations/02/eval.json"));
}

class Cluster : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::string(RESTEM_BINARY_DIR) + "/test-output/cluster-" + std::to_string(::getpid());
    std::filesystem::remove_all(root_);
    job_ = WriteTinyJob(root_);
  }
  void TearDown() override {
    for (const char* name : {"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"})
      ::unsetenv(name);
    if (!HasFailure()) std::filesystem::remove_all(root_);
  }

  std::string run_dir(const std::string& name) const { return root_ + "/" + name; }

  // As torchrun would.
  std::unique_ptr<Process> start(int rank,
                                 int ranks,
                                 const std::string& dir,
                                 const std::vector<std::string>& more = {}) {
    ::setenv("RANK", std::to_string(rank).c_str(), 1);
    ::setenv("LOCAL_RANK", std::to_string(rank).c_str(), 1);
    ::setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
    ::setenv("MASTER_ADDR", address_.c_str(), 1);
    ::setenv("MASTER_PORT", std::to_string(port_).c_str(), 1);
    std::vector<std::string> words = {"run", job_, "--run-dir", dir};
    for (const char* set : {"model.dtype=float32",
                            "train.epochs=8",
                            "train.learning_rate=2e-3",
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
  std::string address_ = "127.0.0.1";
  uint16_t port_ = 0;
};

}  // namespace restem::testing
