// The decoder against transformers and against the published greedy text of stories260K.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/checkpoint.h"
#include "model/packed_forward.h"
#include "model/score.h"
#include "ops/linear.h"
#include "support/paths.h"
#include "support/tensor_compare.h"

namespace restem {
namespace {

using testing::Near;

nlohmann::json ReadJson(const std::string& path) {
  return nlohmann::json::parse(std::ifstream(path));
}

// Logits [tokens, vocab] behind each token.
at::Tensor LogitsOf(const Model& model, const std::vector<int32_t>& tokens) {
  const c10::InferenceMode inference;
  std::vector<int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto rows = static_cast<int64_t>(tokens.size());
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, rows, 0, 0});
  const at::Tensor hidden =
      DecoderHidden(model, PadInput(tokens, positions), PackedAttentionOf(model, segments));
  return Linear(hidden, model.weights.output_embedding(), {}).narrow(0, 0, rows).clone();
}

at::Tensor ToTensor(const nlohmann::json& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows)
    tensors.push_back(at::tensor(row.get<std::vector<double>>(), at::kDouble));
  return at::stack(tensors);
}

TEST(Stories260K, GreedyTextAndLogitsAreThePublishedOnes) {
  RESTEM_REQUIRE_DATA(data);
  const auto golden = ReadJson(data + "/stories260K/greedy_golden.json");
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  ASSERT_TRUE(model.ok()) << model.status();
  const auto ids = golden["greedy_ids"].get<std::vector<int32_t>>();
  const at::Tensor logits = LogitsOf(*model, ids);  // causal: one pass shows every step's argmax
  for (size_t i = 0; i + 1 < ids.size(); ++i) {
    ASSERT_EQ(logits[static_cast<int64_t>(i)].argmax().item<int64_t>(), ids[i + 1])
        << "position " << i;
  }
  EXPECT_TRUE(Near(logits.narrow(0, 0, 4), ToTensor(golden["logits_first4"]), 1e-5));
}

TEST(Stories260K, ScoresAreLogSoftmaxOfTheLogits) {
  RESTEM_REQUIRE_DATA(data);
  const c10::InferenceMode inference;
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  const std::vector<int32_t> tokens = {1, 403, 407, 261, 378};
  const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + 2);
  const std::vector<int32_t> completion(tokens.begin() + 2, tokens.end());
  const at::Tensor log_p = at::log_softmax(LogitsOf(*model, tokens).to(at::kDouble), -1);
  // Between others, which must not matter.
  const std::vector<ScoreItem> items = {
      {completion, prompt}, {prompt, completion}, {completion, completion}};
  const Scored scored = ScoreCompletions(*model, items)[1];
  const std::vector<ScoreItem> alone = {items[1]};
  EXPECT_EQ(scored.logprobs, ScoreCompletions(*model, alone)[0].logprobs);
  for (size_t i = 0; i < completion.size(); ++i) {
    EXPECT_NEAR(
        scored.logprobs[i], log_p[static_cast<int64_t>(i) + 1][completion[i]].item<double>(), 1e-5);
  }
}

// One number among half a million, and of a token that no text here has.
TEST(Stories260K, AWeightThatIsNoNumberIsReported) {
  RESTEM_REQUIRE_DATA(data);
  const auto model = LoadModel(data + "/stories260K/hf", /*bfloat16=*/false);
  const int64_t last = model->config.vocab_size - 1;
  Model damaged = *model;
  damaged.weights = MapWeights(model->config, model->weights, [&](const at::Tensor& tensor) {
    at::Tensor copy = tensor.clone();
    if (copy.dim() == 2 && copy.size(0) == last + 1) copy[last][0] = NAN;
    return copy;
  });
  const std::vector<int32_t> prompt = {1, 403};
  const std::vector<int32_t> completion = {407, 261};
  const std::vector<ScoreItem> items = {{prompt, completion}};
  const auto ignore = [](size_t, const Scored&) {};
  EXPECT_TRUE(ScoreAll(*model, items, 1, ignore).ok());
  EXPECT_EQ(ScoreAll(damaged, items, 1, ignore), LogitsNotFinite());
}

}  // namespace
}  // namespace restem
