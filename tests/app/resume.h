// Runs to interrupt, and one to compare them with.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "app/process.h"
#include "app/run_files.h"
#include "app/tiny_job.h"

namespace restem::testing {

// An uninterrupted run of the tiny job, to compare with; made once for each kind: a dtype, or
// "lora", an adapter on a bfloat16 base that each iteration trains further.
struct Reference {
  std::string run_dir;
  double seconds = 0.0;
  std::map<std::string, std::string> files;
};

inline std::vector<std::string> Command(const std::string& name,
                                        const std::string& job,
                                        const std::string& run_dir,
                                        const std::string& kind) {
  const bool lora = kind == "lora";
  std::vector<std::string> words = {
      name, job, "--run-dir", run_dir, "--set", "model.dtype=" + (lora ? "bfloat16" : kind)};
  if (lora) words.insert(words.end(), {"--set", "lora.r=4", "--set", "em.init=previous"});
  return words;
}

inline const Reference& ReferenceRun(const std::string& job, const std::string& dtype) {
  static std::map<std::string, Reference> made;
  Reference& reference = made[dtype];
  if (!reference.run_dir.empty()) return reference;
  reference.run_dir = std::filesystem::path(job).parent_path().string() + "/reference-" + dtype;
  const Outcome run = Restem(Command("run", job, reference.run_dir, dtype));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  reference.seconds = run.seconds;
  reference.files = FinishedFiles(reference.run_dir);
  return reference;
}

class Resume : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    root_ = std::string(RESTEM_BINARY_DIR) + "/test-output/resume-" + std::to_string(::getpid());
    std::filesystem::remove_all(root_);
    job_ = WriteTinyJob(root_);
  }
  static void TearDownTestSuite() {
    if (!::testing::UnitTest::GetInstance()->Failed()) std::filesystem::remove_all(root_);
  }

  void SetUp() override { ASSERT_FALSE(reference_.files.empty()); }

  static const char* weights_file() {
    const bool lora = GetParam() == std::string("lora");
    return lora ? "checkpoint/adapter_model.safetensors" : "checkpoint/model.safetensors";
  }
  static std::string run_dir(const std::string& name) {
    return root_ + "/" + GetParam() + "-" + name;
  }
  static std::vector<std::string> command(const std::string& name, const std::string& dir) {
    return Command(name, job_, dir, GetParam());
  }

  static inline std::string root_;
  static inline std::string job_;
  const Reference& reference_ = ReferenceRun(job_, GetParam());
};

}  // namespace restem::testing
