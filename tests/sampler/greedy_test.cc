// Greedy completions token for token as transformers gives them, whatever the budget of a step.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "model/checkpoint.h"
#include "sampler/test_engine.h"
#include "support/paths.h"
#include "support/python.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

class GreedyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RESTEM_REQUIRE_DATA(data);
    RESTEM_REQUIRE_PYTHON();
    stories_ = data + "/stories260K/hf";
    // The text of completions is not compared, so that any tokenizer will do.
    tokenizer_ = *Tokenizer::load(stories_);
    root_ = ::testing::TempDir() + "/restem_greedy_" + std::to_string(getpid());
    fs::create_directories(root_);
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }

  void expect_reference(const std::string& model_dir, const std::string& reference_dir) {
    const auto reference = nlohmann::json::parse(std::ifstream(reference_dir + "/greedy.json"));
    ASSERT_EQ(reference.size(), 64U);
    std::vector<SampleRequest> requests;
    for (size_t i = 0; i < reference.size(); i += static_cast<size_t>(testing::Few(1, 9))) {
      requests.push_back(
          {std::to_string(i), reference[i]["prompt"].get<std::vector<int32_t>>(), {0}});
    }
    const Model model = *LoadModel(model_dir, /*bfloat16=*/false);
    SamplingParams params;
    params.temperature = 0.0;
    params.max_new_tokens = testing::Few(reference[0]["completion"].size(), 12);
    params.ignore_eos = true;
    for (const int64_t budget : {1, 7, 64, 1000}) {
      if (testing::kSlowEngine && budget % 7 != 0) continue;
      const auto engine =
          testing::NewTestEngine(model, tokenizer_, {.lanes = budget > 7 ? 2 : 1, .rows = budget});
      if (engine == nullptr) GTEST_SKIP() << "no CUDA device";
      const auto stats = engine->generate(requests, params, [&](Sample&& sample) {
        auto expected =
            reference[std::stoul(sample.problem)]["completion"].get<std::vector<int32_t>>();
        expected.resize(static_cast<size_t>(params.max_new_tokens));
        EXPECT_EQ(sample.tokens, expected)
            << model_dir << " prompt " << sample.problem << " budget " << budget;
        return absl::OkStatus();
      });
      ASSERT_TRUE(stats.ok()) << stats.status();
      EXPECT_EQ(stats->samples, static_cast<int64_t>(requests.size()));
    }
  }

  std::string stories_;
  std::string root_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

TEST_F(GreedyTest, OfRandomModelsIsThatOfTransformers) {
  ASSERT_EQ(testing::RunPython("sampler/greedy_reference.py", "random " + root_).exit_code, 0);
  for (const char* name : {"llama", "qwen2"})
    expect_reference(root_ + "/" + name, root_ + "/" + name);
}

TEST_F(GreedyTest, OfAPublishedModelIsThatOfTransformers) {
  ASSERT_EQ(testing::RunPython("sampler/greedy_reference.py", "given " + stories_ + " " + root_)
                .exit_code,
            0);
  expect_reference(stories_, root_);
}

}  // namespace
}  // namespace restem
