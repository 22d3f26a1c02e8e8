#include "model/score.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/parallel.h"
#include "base/shutdown.h"
#include "base/status.h"
#include "model/packed_forward.h"
#include "ops/linear_logprob.h"
#include "ops/to_tensor.h"

namespace restem {
namespace {

// The items' input rows, one segment each, and the rows whose next token is wanted.
struct PackedItems {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
  std::vector<AttentionSegment> segments;
  std::vector<int64_t> live;
  std::vector<int32_t> targets;  // [live]
};

void Append(const ScoreItem& item, PackedItems& packed) {
  const auto begin = static_cast<int64_t>(packed.tokens.size());
  packed.tokens.insert(packed.tokens.end(), item.prompt.begin(), item.prompt.end());
  // The last token is never an input.
  packed.tokens.insert(packed.tokens.end(), item.completion.begin(), item.completion.end() - 1);
  const auto end = static_cast<int64_t>(packed.tokens.size());
  for (int64_t row = begin; row < end; ++row)
    packed.positions.push_back(static_cast<int32_t>(row - begin));
  packed.segments.push_back({begin, end, 0, 0});
  for (auto row = end - static_cast<int64_t>(item.completion.size()); row < end; ++row)
    packed.live.push_back(row);
  packed.targets.insert(packed.targets.end(), item.completion.begin(), item.completion.end());
}

int64_t RowsOf(const ScoreItem& item) {
  return static_cast<int64_t>(item.prompt.size() + item.completion.size()) - 1;
}

// Input tokens in one forward pass: enough that reading the weights does not weigh.
constexpr int64_t kRows = 1024;

bool IsFinite(const Scored& scored) {
  return std::all_of(
      scored.logprobs.begin(), scored.logprobs.end(), [](float x) { return std::isfinite(x); });
}

// Runs of items of about equal size, at most about kRows rows each, as many for one lane as for
// another: where each begins, and the end. (Three equal runs on two lanes take as long as four.)
std::vector<size_t> Cuts(std::span<const ScoreItem> items, int64_t lanes) {
  int64_t total = 1;  // not 0 where items have one token only
  for (const ScoreItem& item : items) total += RowsOf(item);
  const int64_t rounds = std::max<int64_t>(1, (total + kRows * lanes - 1) / (kRows * lanes));
  std::vector<size_t> cuts = {0};
  int64_t last = 0;
  int64_t rows = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    // An item belongs to the run in whose share of the rows its middle lies.
    const int64_t run = (rows + RowsOf(items[i]) / 2) * rounds * lanes / total;
    if (run > last && i > 0) cuts.push_back(i);
    last = run;
    rows += RowsOf(items[i]);
  }
  cuts.push_back(items.size());
  return cuts;
}

}  // namespace

std::vector<Scored> ScoreCompletions(const Model& model, std::span<const ScoreItem> items) {
  PackedItems packed;
  for (const ScoreItem& item : items) Append(item, packed);
  const at::Tensor hidden =
      PackedHidden(model, packed.tokens, packed.positions, std::move(packed.segments), packed.live);
  // Padding asks for token 0.
  const at::Tensor targets = ToTensor(std::span<const int32_t>(packed.targets), hidden.size(0));
  const LinearLogprobResult result = LinearLogprob(
      hidden, model.weights.output_embedding(), targets, {.soft_cap = model.config.logit_soft_cap});
  const auto* logp = result.logp.const_data_ptr<float>();
  const auto* entropy = result.entropy.const_data_ptr<float>();
  std::vector<Scored> scored;
  scored.reserve(items.size());
  for (const ScoreItem& item : items) {
    const auto count = static_cast<int64_t>(item.completion.size());
    scored.push_back({{logp, logp + count},
                      std::accumulate(entropy, entropy + count, 0.0) / static_cast<double>(count)});
    logp += count;
    entropy += count;
  }
  return scored;
}

absl::Status ScoreAll(const Model& model,
                      std::span<const ScoreItem> items,
                      int64_t lanes,
                      const std::function<void(size_t i, const Scored& scored)>& done) {
  if (items.empty()) return absl::OkStatus();
  const std::vector<size_t> cuts = Cuts(items, lanes);
  std::atomic<bool> finite = true;
  ForEachUntilStop(cuts.size() - 1, static_cast<size_t>(lanes), [&](size_t run) {
    const c10::InferenceMode inference;
    const auto scored =
        ScoreCompletions(model, items.subspan(cuts[run], cuts[run + 1] - cuts[run]));
    for (size_t i = 0; i < scored.size(); ++i) {
      if (!IsFinite(scored[i])) finite = false;
      done(cuts[run] + i, scored[i]);
    }
  });
  RESTEM_RETURN_IF_ERROR(CheckStop());
  return finite ? absl::OkStatus() : LogitsNotFinite();
}

absl::Status LogitsNotFinite() {
  return Failed("the model's logits are not finite: its weights are damaged or overflow");
}

}  // namespace restem
