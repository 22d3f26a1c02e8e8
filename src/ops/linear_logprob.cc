#include "ops/linear_logprob.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "kernels/softmax_logprob.h"
#include "ops/autograd.h"
#include "ops/linear.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows at a time in the forward alone: 32 MiB of logits.
constexpr int64_t kForwardRows = 2048;
// Whole rows of logits that the forward with gradient holds, bytes.
constexpr int64_t kGradientBytes = int64_t{192} << 20;

int64_t GradientRows(int64_t vocab) {
  return std::max<int64_t>(kMinProductRows,
                           kGradientBytes / (vocab * static_cast<int64_t>(sizeof(float))));
}

void CheckOperands(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  TORCH_CHECK(hidden.dim() == 2 && hidden.is_contiguous() && hidden.scalar_type() == at::kFloat &&
                  hidden.is_cpu(),
              "LinearLogprob: hidden must be a contiguous float32 matrix on the CPU");
  TORCH_CHECK(weight.dim() == 2 && weight.size(1) == hidden.size(1),
              "LinearLogprob: weight ",
              weight.sizes(),
              " does not fit hidden ",
              hidden.sizes());
  TORCH_CHECK(
      targets.dim() == 1 && targets.size(0) == hidden.size(0) && targets.scalar_type() == at::kInt,
      "LinearLogprob: targets ",
      targets.sizes(),
      " must be int32 [",
      hidden.size(0),
      "]");
  const auto* ids = targets.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < targets.numel(); ++i) {
    TORCH_CHECK(0 <= ids[i] && ids[i] < weight.size(0),
                "LinearLogprob: target ",
                ids[i],
                " of row ",
                i,
                " is outside the vocabulary of ",
                weight.size(0));
  }
}

LinearLogprobResult EmptyResult(const at::Tensor& hidden) {
  const auto rows = hidden.size(0);
  return {at::empty({rows}, hidden.options()),
          at::empty({rows}, hidden.options()),
          at::empty({rows}, hidden.options())};
}

// body(begin, end) for shares of [0, rows), one for each of LibTorch's threads: one thread in all
// commands, whose parallelism is over whole pieces of work.
template <typename Body>
void ForRowShares(int64_t rows, Body body) {
  const int64_t shares = std::clamp<int64_t>(at::get_num_threads(), 1, std::max<int64_t>(rows, 1));
  RunLanes(static_cast<size_t>(shares), [&](size_t share) {
    const auto i = static_cast<int64_t>(share);
    body(rows * i / shares, rows * (i + 1) / shares);
  });
}

// One run of rows on its way through the op: its logits, its statistics, where its results go.
class RowChunk {
 public:
  // `hidden` [rows, width] in the weight's precision; `logits` [>= rows, columns] is room for as
  // many columns as are held at once.
  RowChunk(at::Tensor hidden, const at::Tensor& targets, int64_t first, at::Tensor logits)
      : hidden_(std::move(hidden)),
        logits_(logits.narrow(0, 0, hidden_.size(0))),
        targets_(targets.const_data_ptr<int32_t>() + first),
        first_(first),
        stats_(static_cast<size_t>(hidden_.size(0))) {}

  // Columns [first, first + weight rows) of the logits, put at `column` of the room.
  void add_columns(const at::Tensor& weight_rows, int64_t first, int64_t column) {
    at::Tensor place = logits_.narrow(1, column, weight_rows.size(0));
    at::mm_out(place, hidden_, weight_rows.t());
    const auto* logits = place.const_data_ptr<float>();
    ForRowShares(hidden_.size(0), [&](int64_t begin, int64_t end) {
      kernels::AddToRowStats(block(end - begin, first, weight_rows.size(0)),
                             logits + begin * logits_.stride(0),
                             targets_ + begin,
                             stats_.data() + begin);
    });
  }

  void finish(LinearLogprobResult& result) const {
    kernels::FinishRowStats(stats_.data(),
                            hidden_.size(0),
                            result.logp.mutable_data_ptr<float>() + first_,
                            result.lse.mutable_data_ptr<float>() + first_,
                            result.entropy.mutable_data_ptr<float>() + first_);
  }

  // Turns the columns that lie at `first` of the room into the loss's gradient, and adds what
  // follows from them to dhidden [rows, width] and dweight_rows [columns, width].
  void add_gradient(const at::Tensor& weight_rows,
                    int64_t first,
                    const float* weights,
                    const float* lse,
                    double z_loss,
                    at::Tensor& dhidden,
                    at::Tensor& dweight_rows) {
    at::Tensor place = logits_.narrow(1, first, weight_rows.size(0));
    auto* logits = place.mutable_data_ptr<float>();
    ForRowShares(hidden_.size(0), [&](int64_t begin, int64_t end) {
      kernels::SoftmaxLogprobGradient(block(end - begin, first, weight_rows.size(0)),
                                      targets_ + begin,
                                      weights + first_ + begin,
                                      lse + first_ + begin,
                                      static_cast<float>(z_loss),
                                      logits + begin * logits_.stride(0));
    });
    dhidden.addmm_(place, weight_rows);
    dweight_rows.addmm_(place.t(), hidden_);
  }

 private:
  kernels::LogitsBlock block(int64_t rows, int64_t first, int64_t count) const {
    return {rows, first, count, logits_.stride(0)};
  }

  const at::Tensor hidden_;
  at::Tensor logits_;
  const int32_t* targets_;
  const int64_t first_;
  std::vector<kernels::RowStats> stats_;
};

// A block of the vocabulary at a time: its logits are still in the cache when the softmax reads
// them. The blocks are fixed, so that a row's result does not depend on the other rows.
LinearLogprobResult Forward(const at::Tensor& hidden,
                            const at::Tensor& weight,
                            const at::Tensor& targets) {
  LinearLogprobResult result = EmptyResult(hidden);
  const int64_t vocab = weight.size(0);
  const at::Tensor rounded = RoundedTo(hidden, weight);
  const int64_t room = std::min(kForwardRows, hidden.size(0));
  const at::Tensor logits = at::empty({room, std::min(vocab, kWidenedRows)}, hidden.options());
  for (int64_t first = 0; first < hidden.size(0); first += kForwardRows) {
    const int64_t count = std::min(kForwardRows, hidden.size(0) - first);
    RowChunk chunk(rounded.narrow(0, first, count), targets, first, logits);
    ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
      chunk.add_columns(WidenedRows(weight, column, columns), column, /*column=*/0);
    });
    chunk.finish(result);
  }
  return result;
}

struct NllWithGradient {
  LinearLogprobResult forward;
  at::Tensor dhidden;  // [rows, width]
  at::Tensor dweight;  // [vocab, width] float32
};

// Whole rows of logits for as many rows as fit the budget; twice over the vocabulary, since a
// gradient needs the row's lse.
NllWithGradient ForwardWithGradient(const at::Tensor& hidden,
                                    const at::Tensor& weight,
                                    const at::Tensor& targets,
                                    const at::Tensor& row_weights,
                                    double z_loss) {
  NllWithGradient result = {
      EmptyResult(hidden), at::zeros_like(hidden), at::zeros(weight.sizes(), hidden.options())};
  const int64_t vocab = weight.size(0);
  const at::Tensor rounded = RoundedTo(hidden, weight);
  const int64_t rows = std::min(GradientRows(vocab), hidden.size(0));
  const at::Tensor logits = at::empty({rows, vocab}, hidden.options());
  for (int64_t first = 0; first < hidden.size(0); first += rows) {
    const int64_t count = std::min(rows, hidden.size(0) - first);
    RowChunk chunk(rounded.narrow(0, first, count), targets, first, logits);
    ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
      chunk.add_columns(WidenedRows(weight, column, columns), column, column);
    });
    chunk.finish(result.forward);
    at::Tensor dhidden = result.dhidden.narrow(0, first, count);
    ForWeightRows(vocab, [&](int64_t column, int64_t columns) {
      at::Tensor dweight = result.dweight.narrow(0, column, columns);
      chunk.add_gradient(WidenedRows(weight, column, columns),
                         column,
                         row_weights.const_data_ptr<float>(),
                         result.forward.lse.const_data_ptr<float>(),
                         z_loss,
                         dhidden,
                         dweight);
    });
  }
  return result;
}

// Σ w·(−logp) + z_loss·Σ w·lse².
double LossOf(const LinearLogprobResult& forward, const at::Tensor& row_weights, double z_loss) {
  const auto* weights = row_weights.const_data_ptr<float>();
  const auto* logp = forward.logp.const_data_ptr<float>();
  const auto* lse = forward.lse.const_data_ptr<float>();
  double loss = 0.0;
  for (int64_t r = 0; r < row_weights.numel(); ++r)
    loss += double{weights[r]} * (-double{logp[r]} + z_loss * double{lse[r]} * lse[r]);
  return loss;
}

class WeightedNllFunction : public torch::autograd::Function<WeightedNllFunction> {
 public:
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& hidden,
                               const at::Tensor& weight,
                               const at::Tensor& targets,
                               const at::Tensor& row_weights,
                               double z_loss) {
    NllWithGradient result = ForwardWithGradient(hidden, weight, targets, row_weights, z_loss);
    context->saved_data["dhidden"] = result.dhidden;
    context->saved_data["dweight"] = result.dweight.to(weight.scalar_type());
    context->mark_non_differentiable({result.forward.logp, result.forward.entropy});
    at::Tensor loss = at::empty({}, hidden.options());
    loss.fill_(LossOf(result.forward, row_weights, z_loss));
    return {loss, result.forward.logp, result.forward.entropy};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor& scale = gradients[0];
    at::Tensor dhidden = context->saved_data["dhidden"].toTensor();
    at::Tensor dweight = context->saved_data["dweight"].toTensor();
    context->saved_data.clear();  // a second backward through the same graph is not supported
    return {dhidden.mul_(scale), dweight.mul_(scale), {}, {}, {}};
  }
};

}  // namespace

LinearLogprobResult LinearLogprob(const at::Tensor& hidden,
                                  const at::Tensor& weight,
                                  const at::Tensor& targets) {
  CheckOperands(hidden, weight, targets);
  const at::NoGradGuard no_gradient;
  return Forward(hidden, weight, targets);
}

WeightedNllResult WeightedNll(const at::Tensor& hidden,
                              const at::Tensor& weight,
                              const at::Tensor& targets,
                              const at::Tensor& row_weights,
                              double z_loss) {
  CheckOperands(hidden, weight, targets);
  TORCH_CHECK(row_weights.sizes() == targets.sizes() && row_weights.scalar_type() == at::kFloat,
              "WeightedNll: row weights must be float32 [",
              targets.size(0),
              "]");
  if (RecordsGradient(hidden, weight)) {
    const variable_list out =
        WeightedNllFunction::apply(hidden, weight, targets, row_weights, z_loss);
    return {out[0], out[1], out[2]};
  }
  const LinearLogprobResult forward = Forward(hidden, weight, targets);
  at::Tensor loss = at::empty({}, hidden.options());
  loss.fill_(LossOf(forward, row_weights, z_loss));
  return {loss, forward.logp, forward.entropy};
}

}  // namespace restem
