// Where a completion ends and what its text is, token by token.
#include "sampler/running_sample.h"

#include <gtest/gtest.h>

#include <vector>

namespace restem {
namespace {

// <s>=0, </s>=1, ▁=2, a=3, ▁a=4, then the bytes F0 9F 98 80 of 😀 as 5 … 8, 0A = 9, and C3 A9 of é
// as 10, 11.
constexpr char kTokenizer[] = R"({"added_tokens": [
    {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 1, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
  "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "byte_fallback": true, "vocab": {"<s>": 0, "</s>": 1, "▁": 2, "a": 3, "▁a": 4, "<0xF0>": 5,
    "<0x9F>": 6, "<0x98>": 7, "<0x80>": 8, "<0x0A>": 9, "<0xC3>": 10, "<0xA9>": 11}, "merges": [["▁", "a"]]}})";
constexpr size_t kVocab = 12;
constexpr int32_t kEos = 1;

struct Ending {
  size_t tokens = 0;  // drawn until it ended; 0: it did not end
  std::string text;
  FinishReason reason = FinishReason::kLength;
};

// Lets greedy decoding draw `tokens` behind the prompt "a".
Ending Draw(const std::vector<int32_t>& tokens,
            const std::vector<std::string>& stop,
            int64_t max_new_tokens = 100,
            bool ignore_eos = false) {
  const auto tokenizer = Tokenizer::parse(kTokenizer, "tokenizer.json");
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  SamplingParams params;
  params.temperature = 0.0;
  params.stop = stop;
  params.max_new_tokens = max_new_tokens;
  params.ignore_eos = ignore_eos;
  ModelConfig config;
  config.eos_token_ids = {kEos};
  const SampleRequest request = {"p", {0, 4}, {0}};
  TokenSampler sampler(params);
  RunningSample sample(request, 0, params, config, **tokenizer, /*room=*/100);
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::vector<float> logits(kVocab, 0.0F);
    logits[static_cast<size_t>(tokens[i])] = 10.0F;
    const auto ended = sample.step(logits, sampler);
    EXPECT_TRUE(ended.ok()) << ended.status();
    if (!ended.ok() || !*ended) continue;
    const Sample whole = std::move(sample).finish();
    EXPECT_EQ(whole.tokens, std::vector<int32_t>(tokens.begin(), tokens.begin() + i + 1));
    return {i + 1, whole.text, whole.finish_reason};
  }
  return {};
}

void ExpectEnding(const Ending& ending, size_t tokens, const char* text, FinishReason reason) {
  EXPECT_EQ(ending.tokens, tokens);
  EXPECT_EQ(ending.text, text);
  EXPECT_EQ(ending.reason, reason);
}

TEST(RunningSample, AStopStringMaySpanTokens) {
  // " a" "a" " " "a": the stop string begins within the first token and ends with the fourth.
  ExpectEnding(Draw({4, 3, 2, 3, 3}, {"aa a"}), 4, " ", FinishReason::kStop);
  // Two byte tokens and the middle of a third.
  ExpectEnding(Draw({3, 9, 9, 4}, {"\n\n "}), 4, "a", FinishReason::kStop);
}

TEST(RunningSample, AStopStringOfOneCharacterInSeveralTokens) {
  ExpectEnding(Draw({3, 5, 6, 7, 8, 3}, {"😀"}), 5, "a", FinishReason::kStop);
  ExpectEnding(Draw({10, 11, 3}, {"é"}), 2, "", FinishReason::kStop);
}

TEST(RunningSample, OfStopStringsThatATokenCompletesTheEarliestCuts) {
  ExpectEnding(Draw({3, 3, 4}, {" a", "aa "}), 3, "", FinishReason::kStop);
  ExpectEnding(Draw({3, 3, 4}, {"a a", " a"}), 3, "a", FinishReason::kStop);
}

TEST(RunningSample, TheTokenThatCompletesAStopStringIsTheLast) {
  EXPECT_EQ(Draw({3, 9, 3, 9}, {"\n\n"}).tokens, 0U) << "what only resembles it does not end";
  ExpectEnding(Draw({9, 3, 9, 9, 3}, {"\n\n"}), 4, "\na", FinishReason::kStop);
  // The prompt's own text is no part of it.
  EXPECT_EQ(Draw({3}, {"aa"}).tokens, 0U);
}

TEST(RunningSample, ACharacterCutOffByTheLengthIsReplaced) {
  ExpectEnding(
      Draw({3, 5, 6, 7, 8}, {}, /*max_new_tokens=*/3), 3, "a\uFFFD\uFFFD", FinishReason::kLength);
  ExpectEnding(Draw({3, 10, 11}, {}, /*max_new_tokens=*/2), 2, "a\uFFFD", FinishReason::kLength);
}

TEST(RunningSample, ACharacterCutOffByTheEndIsReplaced) {
  ExpectEnding(Draw({3, 10, kEos}, {}), 3, "a\uFFFD", FinishReason::kEos);
  ExpectEnding(Draw({3, kEos, 3}, {}), 2, "a", FinishReason::kEos);
  ExpectEnding(Draw({3, kEos, 3}, {}, /*max_new_tokens=*/3, /*ignore_eos=*/true),
               3,
               "aa",
               FinishReason::kLength);
}

TEST(RunningSample, AStopStringBeforeACharacterThatIsCutOff) {
  // The bytes of a character that is not complete say nothing yet: the stop string ends it first.
  ExpectEnding(Draw({10, 3, 9}, {"\n"}), 3, "\uFFFDa", FinishReason::kStop);
}

}  // namespace
}  // namespace restem
