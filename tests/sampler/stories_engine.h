// A small published model behind the engine, and prompts of very different lengths for it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "sampler/test_engine.h"
#include "support/paths.h"

namespace restem::testing {

using Samples = std::map<std::pair<std::string, int64_t>, Sample>;

class StoriesEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    RESTEM_REQUIRE_DATA(data);
    data_ = data;
    model_ = *LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
    tokenizer_ = *Tokenizer::load(data + "/stories260K/hf");
    if (!NewTestEngine(model_, tokenizer_, {})) GTEST_SKIP() << "no CUDA device";
  }

  absl::StatusOr<Samples> draw(std::vector<SampleRequest> requests,
                               const SamplingParams& params,
                               int64_t lanes,
                               int64_t rows,
                               std::optional<int64_t> kv_cache_bytes = {}) {
    Samples samples;
    const auto engine = NewTestEngine(model_, tokenizer_, {lanes, rows, kv_cache_bytes});
    const auto stats = engine->generate(requests, params, [&](Sample&& sample) {
      const auto key = std::pair(sample.problem, sample.sample);
      EXPECT_TRUE(samples.emplace(key, std::move(sample)).second) << "drawn twice";
      return absl::OkStatus();
    });
    RESTEM_RETURN_IF_ERROR(stats.status());
    stats_ = *stats;
    return samples;
  }

  // Prompts of very different lengths.
  std::vector<SampleRequest> stories(int64_t samples) const {
    std::vector<SampleRequest> requests;
    const std::string text =
        "Once upon a time there was a little girl named Lily. She loved to play with her toys in "
        "the park.";
    for (const size_t length : {1, 4, 9, 30, 60, 97}) {
      SampleRequest request = {
          "p" + std::to_string(length), tokenizer_->encode(text.substr(0, length), true), {}};
      for (int64_t i = 0; i < samples; ++i) request.samples.push_back(i);
      requests.push_back(request);
    }
    return requests;
  }

  std::string data_;
  GenerationStats stats_;  // of the last draw()
  Model model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace restem::testing
