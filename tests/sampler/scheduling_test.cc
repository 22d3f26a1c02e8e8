// Samples are the same whatever is computed beside them: batches, threads, memory, prefixes,
// cancellation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "model/kv_cache.h"
#include "sampler/stories_engine.h"

namespace restem {
namespace {

using testing::Few;
using ::testing::HasSubstr;
using testing::StoriesEngine;

TEST_F(StoriesEngine, SamplesDoNotDependOnBatchOrThreads) {
  SamplingParams params;
  params.temperature = 0.9;
  params.top_k = 40;
  params.max_new_tokens = Few(50, 20);
  params.seed = 5;
  const auto requests = stories(Few(7, 2));
  const auto reference = draw(requests, params, 1, 64);
  ASSERT_TRUE(reference.ok()) << reference.status();
  ASSERT_EQ(reference->size(), 6 * requests[0].samples.size());
  for (const auto& [lanes, rows] : {std::pair<int64_t, int64_t>{1, 1}, {2, 6}, {3, 100}, {1, 13}}) {
    if (testing::kSlowEngine && rows == 1) continue;
    const auto again = draw(requests, params, lanes, rows);
    ASSERT_TRUE(again.ok());
    for (const auto& [key, sample] : *reference) {
      const Sample& other = again->at(key);
      EXPECT_EQ(other.tokens, sample.tokens) << key.first << " " << key.second << " rows " << rows;
      EXPECT_EQ(other.logprobs, sample.logprobs)
          << key.first << " " << key.second << " rows " << rows;
      EXPECT_EQ(other.text, sample.text);
    }
  }
}

TEST_F(StoriesEngine, SamplesSurviveGivingUpTheirPages) {
  SamplingParams params;
  params.max_new_tokens = Few(120, 40);
  auto requests = stories(Few(7, 8));
  if (testing::kSlowEngine) requests = {requests[1]};
  const auto reference = draw(requests, params, 1, 64);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(stats_.preempted, 0);
  // Room for one, two and five of the longest samples; a lane's own and shared.
  const int64_t sample =
      testing::TestPageBytes(model_.config) * PagesFor(60 + params.max_new_tokens);
  for (const auto& [lanes, held] :
       {std::pair<int64_t, int64_t>{1, 1}, {1, 2}, {1, 5}, {2, 5}, {4, 2}}) {
    if (testing::kSlowEngine && held > 1) continue;
    const auto again = draw(requests, params, lanes, 64, held * sample);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_GT(stats_.preempted, 0) << "the case does not test what it should";
    ASSERT_EQ(again->size(), reference->size());
    for (const auto& [key, other] : *again) {
      EXPECT_EQ(other.tokens, reference->at(key).tokens) << key.first << " " << key.second;
      EXPECT_EQ(other.logprobs, reference->at(key).logprobs) << key.first << " " << key.second;
    }
  }
}

TEST_F(StoriesEngine, MemoryForLessThanOneSampleIsNamed) {
  SamplingParams params;
  params.max_new_tokens = 120;
  const auto samples = draw(stories(1), params, 1, 4, 2 * testing::TestPageBytes(model_.config));
  EXPECT_EQ(samples.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(samples.status().message()),
              AllOf(HasSubstr("problem p97"), HasSubstr("kv_cache_memory holds")));
}

TEST_F(StoriesEngine, APrefixOfAllPromptsIsComputedOnce) {
  SamplingParams params;
  params.max_new_tokens = 20;
  const std::vector<int32_t> examples = tokenizer_->encode(
      "Once upon a time there was a dog. The dog was happy. Once upon a time there was a cat.",
      true);
  ASSERT_GE(examples.size(), 16U);
  std::vector<SampleRequest> requests;
  int64_t tokens = 0;
  for (const int32_t last : {300, 310, 320}) {
    SampleRequest request = {"p" + std::to_string(last), examples, {0, 1}};
    request.prompt_tokens.push_back(last);
    requests.push_back(request);
    tokens += static_cast<int64_t>(request.prompt_tokens.size());
  }
  const auto together = draw(requests, params, 1, 16);
  ASSERT_TRUE(together.ok()) << together.status();
  const int64_t shared = static_cast<int64_t>(examples.size()) / 16 * 16;
  EXPECT_EQ(stats_.prompt_tokens, tokens - 2 * shared);
  for (const SampleRequest& request : requests) {
    const auto alone = draw({request}, params, 1, 16);
    ASSERT_TRUE(alone.ok());
    for (const auto& [key, sample] : *alone) {
      EXPECT_EQ(together->at(key).tokens, sample.tokens);
      EXPECT_EQ(together->at(key).logprobs, sample.logprobs);
    }
  }
}

TEST_F(StoriesEngine, SamplesNoLongerWantedAreLeftUnfinished) {
  SamplingParams params;
  params.max_new_tokens = Few(100, 8);
  params.ignore_eos = true;
  std::atomic<int64_t> last_wanted = 7;
  auto requests = stories(8);
  requests[2].last_wanted = &last_wanted;
  std::set<int64_t> drawn;
  const auto engine = testing::NewTestEngine(model_, tokenizer_, {.rows = 8});
  const auto stats = engine->generate(requests, params, [&](Sample&& sample) {
    if (sample.problem != requests[2].problem) return absl::OkStatus();
    drawn.insert(sample.sample);
    last_wanted = 3;
    return absl::OkStatus();
  });
  ASSERT_TRUE(stats.ok()) << stats.status();
  for (int64_t wanted = 0; wanted <= 3; ++wanted) EXPECT_TRUE(drawn.contains(wanted)) << wanted;
  EXPECT_EQ(stats->cancelled, 8 - static_cast<int64_t>(drawn.size()));
  EXPECT_EQ(stats->samples + stats->cancelled, 48);
}

TEST_F(StoriesEngine, SomeSamplesAloneAreTheSame) {
  SamplingParams params;
  params.max_new_tokens = Few(40, 10);
  const auto all = draw(stories(6), params, 2, 64);
  auto requests = stories(6);
  requests.erase(requests.begin(), requests.begin() + 3);
  requests[0].samples = {4};
  const auto some = draw(requests, params, 1, 8);
  ASSERT_TRUE(all.ok() && some.ok());
  for (const auto& [key, sample] : *some) EXPECT_EQ(all->at(key).tokens, sample.tokens);
}

}  // namespace
}  // namespace restem
