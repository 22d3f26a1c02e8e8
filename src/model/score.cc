#include "model/score.h"

#include <ATen/ops/empty.h>

#include <numeric>

#include "model/packed_forward.h"
#include "ops/linear.h"
#include "ops/linear_logprob.h"

namespace restem {

Scored ScoreCompletion(const Model& model,
                       std::span<const int32_t> prompt,
                       std::span<const int32_t> completion) {
  std::vector<int32_t> tokens(prompt.begin(), prompt.end());
  tokens.insert(
      tokens.end(), completion.begin(), completion.end() - 1);  // the last one is never an input
  std::vector<int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto rows = static_cast<int64_t>(tokens.size());
  const auto count = static_cast<int64_t>(completion.size());
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, rows, 0, 0});
  std::vector<int64_t> live(completion.size());
  std::iota(live.begin(), live.end(), rows - count);
  const at::Tensor hidden = DecoderHidden(
      model, PadInput(tokens, positions, live), PackedAttentionOf(model, segments, live));
  at::Tensor targets = at::empty({count}, at::kInt);
  std::copy(completion.begin(), completion.end(), targets.mutable_data_ptr<int32_t>());
  const LinearLogprobResult result =
      LinearLogprob(hidden.narrow(0, 0, count), model.weights.output_embedding(), targets);
  const auto* logp = result.logp.const_data_ptr<float>();
  const auto* entropy = result.entropy.const_data_ptr<float>();
  return {{logp, logp + count},
          std::accumulate(entropy, entropy + count, 0.0) / static_cast<double>(count)};
}

}  // namespace restem
