// An engine whose model is in parts draws what one draws that has the whole model: log-probs up to
// rounding, and so the same tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "model/packed_weights.h"
#include "model/part.h"
#include "sampler/batch_engine.h"
#include "sampler/engine_parts.h"
#include "sampler/stories_engine.h"
#include "support/peers.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using testing::InGroup;
using testing::Samples;
using testing::StoriesEngine;

SamplingParams Short() {
  SamplingParams params;
  params.max_new_tokens = 9;
  return params;
}

class PartsTest : public StoriesEngine {
 protected:
  Model part(const Group& group) const {
    Model part = *PartOf(model_, {group.rank(), group.size()});
    part.weights = MapWeights(
        part.config, part.weights, [](const at::Tensor& tensor) { return tensor.contiguous(); });
    return part;
  }

  // Calls `lead` with the engine on the first rank; returns what the others ended with.
  std::vector<absl::Status> with_engine(int64_t ranks,
                                        const BatchEngineOptions& options,
                                        const std::function<void(SamplingEngine&)>& lead,
                                        testing::PeerTimes times) {
    std::vector<absl::Status> outcomes(static_cast<size_t>(ranks));
    InGroup(
        ranks,
        [&](const std::shared_ptr<Group>& group) {
          // One thread more than the first rank has is not used.
          const int64_t lanes = options.lanes + group->rank();
          auto parts = FormEngineParts(group, lanes);
          ASSERT_TRUE(parts.ok()) << parts.status();
          if (group->leads()) {
            BatchEngine engine(part(*group),
                               tokenizer_,
                               options,
                               std::make_unique<LeadingParts>(*std::move(parts)));
            return lead(engine);
          }
          Model own = part(*group);
          own.weights = PackedWeights(own.config, own.weights, /*keep_dense=*/false);
          outcomes[static_cast<size_t>(group->rank())] = ServeParts(own, *std::move(parts));
        },
        times);
    return outcomes;
  }

  Samples draw_in_parts(int64_t ranks,
                        const std::vector<SampleRequest>& requests,
                        const SamplingParams& params,
                        const BatchEngineOptions& options) {
    Samples samples;
    const auto outcomes = with_engine(
        ranks,
        options,
        [&](SamplingEngine& engine) {
          for (int round = 0; round < 2; ++round) {  // an engine draws more than once
            samples.clear();
            const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
              samples.emplace(std::pair(sample.problem, sample.sample), std::move(sample));
              return absl::OkStatus();
            });
            ASSERT_TRUE(stats.ok()) << stats.status();
            stats_ = *stats;
          }
        },
        {std::chrono::seconds(20), std::chrono::seconds(60)});
    for (const absl::Status& outcome : outcomes) EXPECT_TRUE(outcome.ok()) << outcome;
    return samples;
  }
};

TEST_F(PartsTest, SamplesAreThoseOfTheWholeModel) {
  SamplingParams params;
  params.max_new_tokens = 24;
  params.top_k = 40;
  const auto whole = draw(stories(3), params, 2, 16);
  ASSERT_TRUE(whole.ok()) << whole.status();
  // So few pages that samples give theirs up, and prompts of many lengths: pages are copied.
  const int64_t pages = 60 * CpuKvPages::page_bytes(*PartConfig(model_.config, {0, 2}));
  for (const auto& [ranks, lanes] : {std::pair(2, 1), std::pair(2, 2), std::pair(4, 2)}) {
    const Samples samples = draw_in_parts(ranks, stories(3), params, {lanes, 16, pages});
    ASSERT_EQ(samples.size(), whole->size());
    for (const auto& [key, expected] : *whole) {
      const Sample& actual = samples.at(key);
      EXPECT_EQ(actual.tokens, expected.tokens) << key.first << " on " << ranks;
      for (size_t i = 0; i < expected.logprobs.size(); ++i)
        ASSERT_NEAR(actual.logprobs[i], expected.logprobs[i], 2e-5) << key.first << " " << i;
    }
  }
}

// A sample's bits depend on the cut, and on nothing else.
TEST_F(PartsTest, SamplesDoNotDependOnLanesOrBatches) {
  SamplingParams params;
  params.max_new_tokens = 24;
  const Samples one = draw_in_parts(2, stories(3), params, {1, 3, std::nullopt});
  const Samples two = draw_in_parts(2, stories(3), params, {2, 64, std::nullopt});
  ASSERT_EQ(one.size(), two.size());
  for (const auto& [key, sample] : one) {
    EXPECT_EQ(two.at(key).tokens, sample.tokens);
    EXPECT_EQ(two.at(key).logprobs, sample.logprobs);
  }
}

TEST_F(PartsTest, AnErrorOfTheFirstRankEndsTheOthers) {
  absl::Status status;
  const auto outcomes = with_engine(
      2,
      {2, 16, std::nullopt},
      [&](SamplingEngine& engine) {
        status = engine.generate(stories(4), Short(), [](Sample&&) { return Failed("disk full"); })
                     .status();
      },
      {std::chrono::seconds(20), std::chrono::seconds(60)});
  EXPECT_EQ(MessageOf(status), "disk full");
  EXPECT_TRUE(outcomes[1].ok()) << outcomes[1];
}

TEST_F(PartsTest, ALostRankEndsTheGeneration) {
  absl::Status status;
  InGroup(2, [&](const std::shared_ptr<Group>& group) {
    auto parts = FormEngineParts(group, 2);
    ASSERT_TRUE(parts.ok()) << parts.status();
    if (!group->leads()) return;  // its groups go
    BatchEngine engine(part(*group),
                       tokenizer_,
                       {2, 16, std::nullopt},
                       std::make_unique<LeadingParts>(*std::move(parts)));
    status =
        engine.generate(stories(4), Short(), [](Sample&&) { return absl::OkStatus(); }).status();
  });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("rank 1 has given up"));
}

}  // namespace
}  // namespace restem
