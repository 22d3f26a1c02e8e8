#include "ops/linear_logprob.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "kernels/softmax_logprob.h"
#include "ops/autograd.h"
#include "ops/linear.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kLogitBytesPerChunk = 16 << 20;

int64_t RowsPerChunk(int64_t vocab) {
  return std::max<int64_t>(kMinProductRows,
                           kLogitBytesPerChunk / (vocab * static_cast<int64_t>(sizeof(float))));
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

// Logits [count, vocab] of rows [first, first + count), with logp, lse and entropy of those rows
// written into `result`.
at::Tensor ChunkForward(const at::Tensor& hidden,
                        const at::Tensor& weight,
                        const at::Tensor& targets,
                        int64_t first,
                        int64_t count,
                        LinearLogprobResult& result) {
  at::Tensor logits = Linear(hidden.narrow(0, first, count), weight, {});
  kernels::SoftmaxLogprob(logits.const_data_ptr<float>(),
                          targets.const_data_ptr<int32_t>() + first,
                          count,
                          weight.size(0),
                          result.logp.mutable_data_ptr<float>() + first,
                          result.lse.mutable_data_ptr<float>() + first,
                          result.entropy.mutable_data_ptr<float>() + first);
  return logits;
}

struct NllWithGradient {
  LinearLogprobResult forward;
  double loss = 0.0;
  at::Tensor dhidden;  // [rows, width]
  at::Tensor dweight;  // [vocab, width] float32
};

NllWithGradient ComputeNll(const at::Tensor& hidden,
                           const at::Tensor& weight,
                           const at::Tensor& targets,
                           const at::Tensor& row_weights,
                           double z_loss,
                           bool with_gradient) {
  NllWithGradient result = {EmptyResult(hidden), 0.0, {}, {}};
  if (with_gradient) {
    result.dhidden = at::empty_like(hidden);
    result.dweight = at::zeros(weight.sizes(), hidden.options());
  }
  const int64_t chunk = RowsPerChunk(weight.size(0));
  const auto* weights = row_weights.const_data_ptr<float>();
  for (int64_t first = 0; first < hidden.size(0); first += chunk) {
    const int64_t count = std::min(chunk, hidden.size(0) - first);
    at::Tensor logits = ChunkForward(hidden, weight, targets, first, count, result.forward);
    const auto* logp = result.forward.logp.const_data_ptr<float>();
    const auto* lse = result.forward.lse.const_data_ptr<float>();
    for (int64_t r = first; r < first + count; ++r) {
      result.loss += double{weights[r]} * (-double{logp[r]} + z_loss * double{lse[r]} * lse[r]);
    }
    if (!with_gradient) continue;
    kernels::SoftmaxLogprobGradient(logits.mutable_data_ptr<float>(),
                                    targets.const_data_ptr<int32_t>() + first,
                                    weights + first,
                                    lse + first,
                                    count,
                                    weight.size(0),
                                    static_cast<float>(z_loss));
    const at::Tensor dlogits = logits.to(weight.scalar_type());
    result.dhidden.narrow(0, first, count).copy_(at::mm(dlogits, weight));
    result.dweight.add_(
        at::mm(dlogits.t(), hidden.narrow(0, first, count).to(weight.scalar_type())));
  }
  return result;
}

class WeightedNllFunction : public torch::autograd::Function<WeightedNllFunction> {
 public:
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& hidden,
                               const at::Tensor& weight,
                               const at::Tensor& targets,
                               const at::Tensor& row_weights,
                               double z_loss) {
    NllWithGradient result =
        ComputeNll(hidden, weight, targets, row_weights, z_loss, /*with_gradient=*/true);
    context->saved_data["dhidden"] = result.dhidden;
    context->saved_data["dweight"] = result.dweight.to(weight.scalar_type());
    context->mark_non_differentiable({result.forward.logp, result.forward.entropy});
    at::Tensor loss = at::empty({}, hidden.options());
    loss.fill_(result.loss);
    return {loss, result.forward.logp, result.forward.entropy};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor scale = gradients[0];
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
  LinearLogprobResult result = EmptyResult(hidden);
  const int64_t chunk = RowsPerChunk(weight.size(0));
  for (int64_t first = 0; first < hidden.size(0); first += chunk) {
    ChunkForward(hidden, weight, targets, first, std::min(chunk, hidden.size(0) - first), result);
  }
  return result;
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
  const NllWithGradient result =
      ComputeNll(hidden, weight, targets, row_weights, z_loss, /*with_gradient=*/false);
  at::Tensor loss = at::empty({}, hidden.options());
  loss.fill_(result.loss);
  return {loss, result.forward.logp, result.forward.entropy};
}

}  // namespace restem
