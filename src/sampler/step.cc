#include "sampler/step.h"

#include <ATen/ops/empty_like.h>
#include <c10/util/Exception.h>

#include <algorithm>

#include "ops/linear.h"
#include "ops/linear_logprob.h"
#include "ops/to_tensor.h"

namespace restem {

void Step::clear() {
  tokens_.clear();
  rows_ = {};
  live_rows_ = {};
  live_.clear();
  sequences_.clear();
}

void Step::add(const KvSequence& sequence, std::span<const int32_t> tokens, bool live) {
  TORCH_CHECK(!tokens.empty(), "Step: a sequence without new tokens");
  const auto number = static_cast<int32_t>(sequences_.size());
  auto position = static_cast<int32_t>(sequence.keys());
  sequences_.push_back(sequence.pages());
  for (const int32_t token : tokens) {
    tokens_.push_back(token);
    rows_.sequences.push_back(number);
    rows_.positions.push_back(position++);
  }
  if (!live) return;
  live_.push_back(rows() - 1);
  live_rows_.sequences.push_back(number);
  live_rows_.positions.push_back(position - 1);
}

at::Tensor Step::run() {
  table_stride_ = 0;
  for (const auto& pages : sequences_)
    table_stride_ = std::max(table_stride_, static_cast<int64_t>(pages.size()));
  tables_.resize(sequences_.size() * static_cast<size_t>(table_stride_));
  for (size_t i = 0; i < sequences_.size(); ++i) {
    std::copy(sequences_[i].begin(),
              sequences_[i].end(),
              tables_.begin() + static_cast<ptrdiff_t>(i) * table_stride_);
  }
  const DecoderInput input = {
      ToTensor<int32_t>(tokens_),
      ToTensor<int32_t>(rows_.positions),
      live_.size() < tokens_.size() ? ToTensor<int64_t>(live_) : at::Tensor()};
  const at::Tensor logits =
      Linear(DecoderHidden(model_, input, attention()), model_.weights.output_embedding(), {});
  SoftCapLogits(model_.config.logit_soft_cap, logits);
  return logits;
}

kernels::PagedRows Step::paged(const Rows& rows) const {
  return {rows.sequences, rows.positions, tables_.data(), table_stride_};
}

AttentionFn Step::attention() {
  return [this](int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    kernels::PagedAttentionShape shape = pool_.shape();
    shape.window = model_.config.layer(layer).window;
    const bool last = layer + 1 == model_.config.num_hidden_layers;
    kernels::StoreKeys(pool_.shape(),
                       pool_.kv(),
                       paged(rows_),
                       layer,
                       k.const_data_ptr<float>(),
                       v.const_data_ptr<float>());
    at::Tensor out = at::empty_like(q);
    kernels::PagedAttention(shape,
                            pool_.kv(),
                            paged(last ? live_rows_ : rows_),
                            layer,
                            q.const_data_ptr<float>(),
                            out.mutable_data_ptr<float>());
    return out;
  };
}

}  // namespace restem
