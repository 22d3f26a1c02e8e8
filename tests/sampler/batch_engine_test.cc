// The engine: published greedy text, independence of batching, endings.
#include "sampler/batch_engine.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "model/checkpoint.h"
#include "model/score.h"
#include "support/paths.h"
#include "text/decode_stream.h"

namespace restem {
namespace {

using ::testing::HasSubstr;
using Samples = std::map<std::pair<std::string, int64_t>, Sample>;

class StoriesEngine : public ::testing::Test {
 protected:
  void SetUp() override {
    RESTEM_REQUIRE_DATA(data);
    data_ = data;
    model_ = *LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
    tokenizer_ = *Tokenizer::load(data + "/stories260K/hf");
  }

  absl::StatusOr<Samples> draw(std::vector<SampleRequest> requests,
                               const SamplingParams& params,
                               int64_t lanes,
                               int64_t rows,
                               std::optional<int64_t> kv_cache_bytes = {}) {
    Samples samples;
    BatchEngine engine(model_, tokenizer_, {lanes, rows, kv_cache_bytes});
    const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
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

TEST_F(StoriesEngine, GreedyTextIsThePublishedOne) {
  const auto golden =
      nlohmann::json::parse(std::ifstream(data_ + "/stories260K/greedy_golden.json"));
  const auto ids = golden["greedy_ids"].get<std::vector<int32_t>>();
  SamplingParams params;
  params.temperature = 0.0;
  params.max_new_tokens = static_cast<int64_t>(ids.size()) - 1;
  params.ignore_eos = true;
  const auto samples = draw({{"story", {ids[0]}, {0}}}, params, 1, 1);
  ASSERT_TRUE(samples.ok()) << samples.status();
  const Sample& sample = samples->begin()->second;
  EXPECT_EQ(sample.tokens, std::vector<int32_t>(ids.begin() + 1, ids.end()));
  EXPECT_EQ(sample.finish_reason, FinishReason::kLength);
  EXPECT_TRUE(sample.sampled_logprobs.empty());
}

TEST_F(StoriesEngine, SamplesDoNotDependOnBatchOrThreads) {
  SamplingParams params;
  params.temperature = 0.9;
  params.top_k = 40;
  params.max_new_tokens = 50;
  params.seed = 5;
  const auto reference = draw(stories(7), params, 1, 64);
  ASSERT_TRUE(reference.ok()) << reference.status();
  ASSERT_EQ(reference->size(), 42U);
  for (const auto& [lanes, rows] : {std::pair<int64_t, int64_t>{1, 1}, {2, 6}, {3, 100}, {1, 13}}) {
    const auto again = draw(stories(7), params, lanes, rows);
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
  params.max_new_tokens = 120;
  const auto requests = stories(7);
  const auto reference = draw(requests, params, 1, 64);
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(stats_.preempted, 0);
  // Room for two and for five of the longest samples; a lane's own and shared.
  const int64_t sample = KvPagePool::page_bytes(model_.config) * PagesFor(180);
  for (const auto& [lanes, held] : {std::pair<int64_t, int64_t>{1, 2}, {1, 5}, {2, 5}, {4, 2}}) {
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
  const auto samples = draw(stories(1), params, 1, 4, 2 * KvPagePool::page_bytes(model_.config));
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
  params.max_new_tokens = 100;
  params.ignore_eos = true;
  std::atomic<int64_t> last_wanted = 7;
  auto requests = stories(8);
  requests[2].last_wanted = &last_wanted;
  std::set<int64_t> drawn;
  BatchEngine engine(model_, tokenizer_, {1, 8, {}});
  const auto stats = engine.generate(requests, params, [&](Sample&& sample) {
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
  params.max_new_tokens = 40;
  const auto all = draw(stories(6), params, 2, 64);
  auto requests = stories(6);
  requests.erase(requests.begin(), requests.begin() + 3);
  requests[0].samples = {4};
  const auto some = draw(requests, params, 1, 8);
  ASSERT_TRUE(all.ok() && some.ok());
  for (const auto& [key, sample] : *some) EXPECT_EQ(all->at(key).tokens, sample.tokens);
}

TEST_F(StoriesEngine, SamplesOfOneProblemDiffer) {
  SamplingParams params;
  params.max_new_tokens = 30;
  const auto samples =
      draw({{"p", tokenizer_->encode("Once upon a time", true), {0, 1, 2, 3}}}, params, 1, 4);
  EXPECT_NE(samples->at({"p", 0}).tokens, samples->at({"p", 1}).tokens);
  EXPECT_NE(samples->at({"p", 2}).tokens, samples->at({"p", 3}).tokens);
}

TEST_F(StoriesEngine, RecordedLogprobsAreThoseOfScoring) {
  SamplingParams params;
  params.temperature = 0.7;
  params.top_k = 10;
  params.max_new_tokens = 60;
  const auto requests = stories(2);
  const auto samples = draw(requests, params, 1, 16);
  const c10::InferenceMode inference;
  for (const SampleRequest& request : requests) {
    const Sample& sample = samples->at({request.problem, 0});
    const std::vector<ScoreItem> item = {{request.prompt_tokens, sample.tokens}};
    const Scored scored = ScoreCompletions(model_, item)[0];
    ASSERT_EQ(scored.logprobs.size(), sample.logprobs.size());
    ASSERT_EQ(sample.sampled_logprobs.size(), sample.logprobs.size());
    for (size_t i = 0; i < scored.logprobs.size(); ++i)
      EXPECT_NEAR(scored.logprobs[i], sample.logprobs[i], 2e-5);
  }
}

TEST_F(StoriesEngine, AStopStringEndsTheTextBeforeItAndKeepsItsTokens) {
  SamplingParams params;
  params.temperature = 0.0;
  params.max_new_tokens = 100;
  const auto prompt = tokenizer_->encode("Once upon a time", true);
  const std::string whole = draw({{"p", prompt, {0}}}, params, 1, 1)->begin()->second.text;
  const std::string stop = whole.substr(20, 7);
  params.stop = {"never seen", stop};
  const Sample sample = draw({{"p", prompt, {0}}}, params, 1, 1)->begin()->second;
  EXPECT_EQ(sample.finish_reason, FinishReason::kStop);
  EXPECT_EQ(sample.text, whole.substr(0, whole.find(stop)));
  EXPECT_THAT(DecodeCompletion(*tokenizer_, prompt, sample.tokens), HasSubstr(stop));
}

TEST_F(StoriesEngine, EosEndsUnlessIgnored) {
  // This model never writes its EOS: let a full stop be one.
  const int32_t eos = tokenizer_->encode("the end.", false).back();
  model_.config.eos_token_ids = {eos};
  SamplingParams params;
  params.max_new_tokens = 400;
  params.seed = 3;
  const auto samples = draw(stories(4), params, 2, 32);
  int64_t ended = 0;
  for (const auto& [key, sample] : *samples) {
    const auto found = std::find(sample.tokens.begin(), sample.tokens.end(), eos);
    if (sample.finish_reason == FinishReason::kEos) {
      ++ended;
      EXPECT_EQ(found, sample.tokens.end() - 1);
    } else {
      EXPECT_EQ(found, sample.tokens.end());
    }
  }
  EXPECT_GT(ended, 0);
  params.ignore_eos = true;
  const auto endless = draw(stories(4), params, 2, 32);
  for (const auto& [key, sample] : *endless) EXPECT_EQ(sample.tokens.size(), 400U);
}

TEST_F(StoriesEngine, TheContextLimitsTheLength) {
  SamplingParams params;
  params.max_new_tokens = 10000;
  params.ignore_eos = true;
  const std::vector<int32_t> prompt(500, 300);
  const Sample sample = draw({{"p", prompt, {0}}}, params, 1, 1)->begin()->second;
  EXPECT_EQ(sample.tokens.size(),
            13U);  // 512 positions: 12 inputs behind the prompt, and one token more
  EXPECT_EQ(sample.finish_reason, FinishReason::kLength);
}

TEST_F(StoriesEngine, ImpossiblePromptsAreNamed) {
  const SamplingParams params;
  const auto too_long = draw({{"long one", std::vector<int32_t>(512, 5), {0}}}, params, 1, 1);
  EXPECT_THAT(std::string(MessageOf(too_long.status())),
              HasSubstr("problem long one: the prompt has 512 tokens"));
  const auto foreign = draw({{"f", {512}, {0}}}, params, 1, 1);
  EXPECT_THAT(std::string(MessageOf(foreign.status())),
              HasSubstr("prompt token 512 is outside the model's vocabulary of 512"));
  EXPECT_TRUE(absl::IsInvalidArgument(draw({{"e", {}, {0}}}, params, 1, 1).status()));
}

TEST_F(StoriesEngine, AnErrorOfTheSinkEndsTheRun) {
  BatchEngine engine(model_, tokenizer_, {2, 8, {}});
  int calls = 0;
  const auto stats = engine.generate(stories(20), SamplingParams{}, [&](Sample&&) {
    return ++calls == 3 ? Failed("the disk is full") : absl::OkStatus();
  });
  EXPECT_EQ(MessageOf(stats.status()), "the disk is full");
}

}  // namespace
}  // namespace restem
