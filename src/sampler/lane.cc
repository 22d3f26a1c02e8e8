#include "sampler/lane.h"

#include <ATen/ops/clone.h>
#include <ATen/ops/empty_like.h>

#include <array>
#include <numeric>
#include <utility>

#include "model/packed_forward.h"
#include "ops/linear.h"

namespace restem {
namespace {

std::span<const float> RowOf(const at::Tensor& logits, size_t row) {
  const auto width = static_cast<size_t>(logits.size(-1));
  return {logits.const_data_ptr<float>() + row * width, width};
}

}  // namespace

Lane::Lane(const Model& model,
           const Tokenizer& tokenizer,
           const SamplingParams& params,
           int64_t max_rows,
           Callbacks callbacks)
    : model_(model),
      tokenizer_(tokenizer),
      params_(params),
      max_rows_(static_cast<size_t>(max_rows)),
      callbacks_(std::move(callbacks)),
      token_sampler_(params),
      pool_(model.config) {}

absl::Status Lane::run() {
  while (!callbacks_.stopped()) {
    RESTEM_RETURN_IF_ERROR(fill());
    if (rows_.empty()) return absl::OkStatus();
    RESTEM_RETURN_IF_ERROR(step());
  }
  return absl::OkStatus();
}

// Starts samples until the batch is full or no work is left.
absl::Status Lane::fill() {
  while (rows_.size() < max_rows_ && !callbacks_.stopped()) {
    if (!unit_ || next_in_unit_ == unit_->samples.size()) {
      unit_ = callbacks_.next_unit();
      unit_prompt_ = nullptr;
      next_in_unit_ = 0;
      if (!unit_) return absl::OkStatus();
      unit_prompt_ = prefill(unit_->request->prompt_tokens);
    }
    RESTEM_RETURN_IF_ERROR(start_sample(unit_->samples[next_in_unit_++]));
  }
  return absl::OkStatus();
}

absl::Status Lane::start_sample(int64_t index) {
  // The last token drawn is never an input, so a completion may be one longer than the positions
  // left.
  const int64_t room = model_.config.max_position_embeddings - unit_prompt_->length + 1;
  RunningSample sample(*unit_->request, index, params_, model_.config, tokenizer_, room);
  RESTEM_ASSIGN_OR_RETURN(const bool ended,
                          sample.step(RowOf(unit_prompt_->logits, 0), token_sampler_));
  if (ended) return finish(std::move(sample));
  rows_.push_back({std::move(sample), unit_prompt_, KvRun(pool_)});
  return absl::OkStatus();
}

absl::Status Lane::finish(RunningSample&& sample) {
  generated_tokens_ += sample.length();
  return callbacks_.emit(std::move(sample).finish());
}

std::shared_ptr<const Lane::Prompt> Lane::prefill(std::span<const int32_t> tokens) {
  const auto length = static_cast<int64_t>(tokens.size());
  auto prompt = std::make_shared<Prompt>(Prompt{KvRun(pool_), {}, length});
  for (int64_t i = 0; i < length; ++i) prompt->keys.extend();
  const auto segments =
      std::make_shared<const std::vector<AttentionSegment>>(1, AttentionSegment{0, length, 0, 0});
  const std::array<int64_t, 1> live = {length - 1};
  const AttentionFn attention = PackedAttentionOf(model_, segments, live);
  const auto storing = [&](int64_t layer,
                           const at::Tensor& q,
                           const at::Tensor& k,
                           const at::Tensor& v) {
    const int64_t stride = k.size(1) * k.size(2);
    for (int64_t i = 0; i < length; ++i) {
      prompt->keys.store(
          layer, i, k.const_data_ptr<float>() + i * stride, v.const_data_ptr<float>() + i * stride);
    }
    return attention(layer, q, k, v);
  };
  std::vector<int32_t> positions(tokens.size());
  std::iota(positions.begin(), positions.end(), 0);
  const at::Tensor last = DecoderHidden(model_, PadInput(tokens, positions, live), storing);
  // A copy: a view would keep the padding's logits too, as long as a sample runs.
  prompt->logits = Linear(last, model_.weights.output_embedding(), {}).select(0, 0).clone();
  prompt_tokens_ += length;
  return prompt;
}

// One more token for every running sample.
absl::Status Lane::step() {
  const at::Tensor logits = decode();
  size_t kept = 0;
  for (size_t row = 0; row < rows_.size(); ++row) {
    RESTEM_ASSIGN_OR_RETURN(const bool ended,
                            rows_[row].sample.step(RowOf(logits, row), token_sampler_));
    if (ended) {
      RESTEM_RETURN_IF_ERROR(finish(std::move(rows_[row].sample)));
    } else {
      if (kept != row) rows_[kept] = std::move(rows_[row]);
      ++kept;
    }
  }
  rows_.erase(rows_.begin() + static_cast<ptrdiff_t>(kept), rows_.end());
  return absl::OkStatus();
}

// Logits [>= rows, vocab] behind the last token of every running sample.
at::Tensor Lane::decode() {
  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
  prompt_views_.clear();
  own_views_.clear();
  for (Row& row : rows_) {
    tokens.push_back(row.sample.last_token());
    positions.push_back(static_cast<int32_t>(row.prompt->length + row.sample.length() - 1));
    row.keys.extend();
    prompt_views_.push_back(row.prompt->keys.view());
    own_views_.push_back(row.keys.view());
  }
  const at::Tensor hidden = DecoderHidden(model_, PadInput(tokens, positions), cached_attention());
  return Linear(hidden, model_.weights.output_embedding(), {});
}

AttentionFn Lane::cached_attention() {
  return [this](int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const int64_t stride = k.size(1) * k.size(2);
    for (size_t row = 0; row < rows_.size(); ++row) {
      const auto offset = static_cast<int64_t>(row) * stride;
      rows_[row].keys.store(layer,
                            rows_[row].keys.keys() - 1,
                            k.const_data_ptr<float>() + offset,
                            v.const_data_ptr<float>() + offset);
    }
    at::Tensor out = at::empty_like(q);
    // Padding rows attend to nothing; zero keeps them finite.
    if (q.size(0) > static_cast<int64_t>(rows_.size())) out.zero_();
    kernels::CachedAttention(pool_.shape(),
                             layer,
                             prompt_views_,
                             own_views_,
                             q.const_data_ptr<float>(),
                             out.mutable_data_ptr<float>());
    return out;
  };
}

}  // namespace restem
