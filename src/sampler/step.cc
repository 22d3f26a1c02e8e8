#include "sampler/step.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/Exception.h>

#include <algorithm>

#include "ops/linear.h"
#include "ops/linear_logprob.h"
#include "ops/to_tensor.h"
#include "sampler/step_message.h"

namespace restem {
namespace {

// The attention of a step's rows; in the last layer only the live ones ask.
class PagedStep {
 public:
  PagedStep(const Model& model, const CpuKvPages& pool, const StepRows& rows)
      : config_(model.config), pool_(pool), rows_(rows) {
    for (const int64_t row : rows.live) {
      live_sequences_.push_back(rows.sequences[static_cast<size_t>(row)]);
      live_positions_.push_back(rows.positions[static_cast<size_t>(row)]);
    }
  }

  at::Tensor attend(int64_t layer,
                    const at::Tensor& q,
                    const at::Tensor& k,
                    const at::Tensor& v) const {
    kernels::PagedAttentionShape shape = pool_.shape();
    shape.window = config_.layer(layer).window;
    const kernels::PagedRows all = paged(rows_.sequences, rows_.positions);
    const bool last = layer + 1 == config_.num_hidden_layers;
    kernels::StoreKeys(pool_.shape(),
                       pool_.kv(),
                       all,
                       layer,
                       k.const_data_ptr<float>(),
                       v.const_data_ptr<float>());
    at::Tensor out = at::empty_like(q);
    kernels::PagedAttention(shape,
                            pool_.kv(),
                            last ? paged(live_sequences_, live_positions_) : all,
                            layer,
                            q.const_data_ptr<float>(),
                            out.mutable_data_ptr<float>());
    return out;
  }

 private:
  kernels::PagedRows paged(std::span<const int32_t> sequences,
                           std::span<const int32_t> positions) const {
    return {sequences, positions, rows_.tables.data(), rows_.table_stride};
  }

  const ModelConfig& config_;
  const CpuKvPages& pool_;
  const StepRows& rows_;
  std::vector<int32_t> live_sequences_;
  std::vector<int32_t> live_positions_;
};

// Logits of this rank's tokens, put together with the others'.
at::Tensor OfAllParts(const Model& model, const at::Tensor& own) {
  ModelParts& parts = *model.parts;
  const int64_t most = (model.vocabulary + parts.size() - 1) / parts.size();
  const at::Tensor part = at::empty({own.size(0), most}, own.options());
  part.narrow(1, 0, own.size(1)).copy_(own);
  const at::Tensor all = at::empty({parts.size(), own.size(0), most}, own.options());
  parts.gather(all, part);
  return all.transpose(0, 1).flatten(1, 2).narrow(1, 0, model.vocabulary).contiguous();
}

}  // namespace

at::Tensor RunStep(const Model& model, const CpuKvPages& pool, const StepRows& rows) {
  const PagedStep paged(model, pool, rows);
  const DecoderInput input = {
      ToTensor<int32_t>(rows.tokens),
      ToTensor<int32_t>(rows.positions),
      rows.live.size() < rows.tokens.size() ? ToTensor<int64_t>(rows.live) : at::Tensor()};
  const at::Tensor hidden = DecoderHidden(
      model,
      input,
      [&](int64_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
        return paged.attend(layer, q, k, v);
      });
  const at::Tensor logits = Linear(hidden, model.weights.output_embedding(), {});
  SoftCapLogits(model.config.logit_soft_cap, logits);
  return model.parts == nullptr ? logits : OfAllParts(model, logits);
}

void Step::clear() {
  rows_ = {};
  sequences_.clear();
}

void Step::add(const KvSequence& sequence, std::span<const int32_t> tokens, bool live) {
  TORCH_CHECK(!tokens.empty(), "Step: a sequence without new tokens");
  const auto number = static_cast<int32_t>(sequences_.size());
  auto position = static_cast<int32_t>(sequence.keys());
  sequences_.push_back(sequence.pages());
  for (const int32_t token : tokens) {
    rows_.tokens.push_back(token);
    rows_.sequences.push_back(number);
    rows_.positions.push_back(position++);
  }
  if (live) rows_.live.push_back(rows() - 1);
}

at::Tensor Step::run() {
  for (const auto& pages : sequences_)
    rows_.table_stride = std::max(rows_.table_stride, static_cast<int64_t>(pages.size()));
  rows_.tables.resize(sequences_.size() * static_cast<size_t>(rows_.table_stride));
  for (size_t i = 0; i < sequences_.size(); ++i) {
    std::copy(sequences_[i].begin(),
              sequences_[i].end(),
              rows_.tables.begin() + static_cast<ptrdiff_t>(i) * rows_.table_stride);
  }
  if (model_.parts != nullptr) SendStep(*model_.parts, rows_);
  return RunStep(model_, pool_, rows_);
}

}  // namespace restem
