// The engine: published greedy text, endings, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sampler/stories_engine.h"
#include "text/decode_stream.h"

namespace restem {
namespace {

using testing::Few;
using ::testing::HasSubstr;
using testing::Samples;
using testing::StoriesEngine;

TEST_F(StoriesEngine, GreedyTextIsThePublishedOne) {
  const auto golden =
      nlohmann::json::parse(std::ifstream(data_ + "/stories260K/greedy_golden.json"));
  const auto ids = golden["greedy_ids"].get<std::vector<int32_t>>();
  SamplingParams params;
  params.temperature = 0.0;
  params.max_new_tokens = Few(static_cast<int64_t>(ids.size()) - 1, 80);
  params.ignore_eos = true;
  const auto samples = draw({{"story", {ids[0]}, {0}}}, params, 1, 1);
  ASSERT_TRUE(samples.ok()) << samples.status();
  const Sample& sample = samples->begin()->second;
  EXPECT_EQ(sample.tokens,
            std::vector<int32_t>(ids.begin() + 1, ids.begin() + 1 + params.max_new_tokens));
  EXPECT_EQ(sample.finish_reason, FinishReason::kLength);
  EXPECT_TRUE(sample.sampled_logprobs.empty());
}

TEST_F(StoriesEngine, SamplesOfOneProblemDiffer) {
  SamplingParams params;
  params.max_new_tokens = 30;
  const auto samples =
      draw({{"p", tokenizer_->encode("Once upon a time", true), {0, 1, 2, 3}}}, params, 1, 4);
  EXPECT_NE(samples->at({"p", 0}).tokens, samples->at({"p", 1}).tokens);
  EXPECT_NE(samples->at({"p", 2}).tokens, samples->at({"p", 3}).tokens);
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
  params.max_new_tokens = Few(400, 40);
  params.seed = 3;
  const auto requests = stories(Few(4, 1));
  const auto samples = draw(requests, params, 2, 32);
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
  const auto endless = draw(requests, params, 2, 32);
  for (const auto& [key, sample] : *endless)
    EXPECT_EQ(sample.tokens.size(), static_cast<size_t>(params.max_new_tokens));
}

TEST_F(StoriesEngine, TheContextLimitsTheLength) {
  SamplingParams params;
  params.max_new_tokens = 10000;
  params.ignore_eos = true;
  const std::vector<int32_t> prompt(500, 300);
  const Sample sample = draw({{"p", prompt, {0}}}, params, 1, Few(1, 64))->begin()->second;
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
  const auto engine = testing::NewTestEngine(model_, tokenizer_, {.lanes = 2, .rows = 8});
  SamplingParams params;
  params.max_new_tokens = Few(100, 4);
  int calls = 0;
  const auto stats = engine->generate(stories(20), params, [&](Sample&&) {
    return ++calls == 3 ? Failed("the disk is full") : absl::OkStatus();
  });
  EXPECT_EQ(MessageOf(stats.status()), "the disk is full");
}

}  // namespace
}  // namespace restem
