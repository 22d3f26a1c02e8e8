// What the engine for GPUs alone can do: steps of one shape; pages that several requests fight for.
#include <gtest/gtest.h>

#include "model/kv_cache.h"
#include "sampler/stories_engine.h"

namespace restem {
namespace {

using testing::Samples;
using testing::StoriesEngine;

class CudaSteps : public StoriesEngine {
 protected:
  Samples draw_from(const testing::TestBatch& batch, const std::vector<SampleRequest>& requests) {
    SamplingParams params;
    params.max_new_tokens = 24;
    params.ignore_eos = true;
    Samples samples;
    const auto engine = testing::NewTestEngine(model_, tokenizer_, batch);
    const auto stats = engine->generate(requests, params, [&](Sample&& sample) {
      samples.emplace(std::pair(sample.problem, sample.sample), std::move(sample));
      return absl::OkStatus();
    });
    EXPECT_TRUE(stats.ok()) << stats.status();
    stats_ = stats.ok() ? *stats : GenerationStats{};
    return samples;
  }

  static void expect_equal(const Samples& some, const Samples& others) {
    ASSERT_EQ(some.size(), others.size());
    for (const auto& [key, sample] : some) {
      EXPECT_EQ(sample.tokens, others.at(key).tokens) << key.first << " " << key.second;
      EXPECT_EQ(sample.logprobs, others.at(key).logprobs) << key.first << " " << key.second;
    }
  }
};

TEST_F(CudaSteps, OfOneShapeGiveTheSame) {
  const auto requests = stories(2);
  expect_equal(draw_from({.rows = 16, .same_shape = true}, requests),
               draw_from({.rows = 16}, requests));
}

// Prompts that wait hold pages, and samples that gave theirs up come back to them.
TEST_F(CudaSteps, PagesThatAllWantGoToThoseThatRun) {
  const auto requests = stories(3);
  const auto reference = draw_from({.rows = 32}, requests);
  for (const int64_t pages : {6, 9, 14}) {
    const auto tight = draw_from(
        {.rows = 32, .kv_cache_bytes = pages * testing::TestPageBytes(model_.config)}, requests);
    expect_equal(tight, reference);
  }
}

}  // namespace
}  // namespace restem
