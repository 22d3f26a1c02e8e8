#include "ops/linear_logprob.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_assert_async.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/softmax_logprob.h"
#include "ops/autograd.h"
#include "ops/linear.h"
#include "ops/linear_logprob_device.h"

namespace restem {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void CheckHidden(const at::Tensor& hidden, const at::Tensor& weight) {
  TORCH_CHECK(hidden.dim() == 2 && hidden.is_contiguous() &&
                  (hidden.scalar_type() == at::kFloat ||
                   (hidden.is_cuda() && hidden.scalar_type() == at::kBFloat16)),
              "LinearLogprob: hidden must be a contiguous float32 matrix (on a GPU also bfloat16)");
  TORCH_CHECK(weight.dim() == 2 && weight.size(1) == hidden.size(1) && weight.numel() > 0 &&
                  weight.is_contiguous(),
              "LinearLogprob: weight ",
              weight.sizes(),
              " does not fit hidden ",
              hidden.sizes());
  TORCH_CHECK(weight.scalar_type() == at::kFloat || weight.scalar_type() == at::kBFloat16,
              "LinearLogprob: weight is ",
              weight.scalar_type(),
              ", must be float32 or bfloat16");
  TORCH_CHECK(weight.device() == hidden.device(),
              "LinearLogprob: weight is on ",
              weight.device(),
              ", hidden on ",
              hidden.device());
}

void CheckTargets(const at::Tensor& targets, const at::Tensor& hidden, int64_t vocab) {
  TORCH_CHECK(targets.dim() == 1 && targets.size(0) == hidden.size(0) &&
                  targets.scalar_type() == at::kInt && targets.is_contiguous() &&
                  targets.device() == hidden.device(),
              "LinearLogprob: targets ",
              targets.sizes(),
              " must be int32 [",
              hidden.size(0),
              "] beside hidden");
  const at::Tensor on_host = targets.cpu();
  const auto* ids = on_host.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < on_host.numel(); ++i) {
    TORCH_CHECK(0 <= ids[i] && ids[i] < vocab,
                "LinearLogprob: target ",
                ids[i],
                " of row ",
                i,
                " is outside the vocabulary of ",
                vocab);
  }
}

LogprobOperands Checked(const at::Tensor& hidden,
                        const Matrix& weight,
                        const at::Tensor& targets,
                        const LogprobOptions& options) {
  CheckHidden(hidden, weight.dense);
  const int64_t rows = weight.dense.size(0);
  TORCH_CHECK(options.parts == nullptr ||
                  (0 <= options.first_token && options.first_token + rows <= options.vocabulary),
              "LinearLogprob: parts of a vocabulary lie within it");
  CheckTargets(targets, hidden, options.parts == nullptr ? rows : options.vocabulary);
  TORCH_CHECK(options.soft_cap >= 0.0 && options.temperature > 0.0,
              "LinearLogprob: soft cap ",
              options.soft_cap,
              " must not be negative, temperature ",
              options.temperature,
              " must be positive");
  return {hidden,
          weight.dense,
          weight.packed.get(),
          targets,
          {static_cast<float>(options.soft_cap), static_cast<float>(1.0 / options.temperature)},
          options.logits_bytes,
          options.parts,
          options.first_token,
          options.vocabulary};
}

LinearLogprobResult Scores(const LogprobOperands& operands) {
  if (operands.hidden.is_cpu()) return ScoresOnCpu(operands);
  return operands.parts == nullptr ? ScoresOnCuda(operands) : ScoresInParts(operands);
}

NllWithGradient NllOnDevice(const LogprobOperands& operands, const NllLossOperands& loss) {
  if (operands.hidden.is_cpu()) return NllOnCpu(operands, loss);
  return operands.parts == nullptr ? NllOnCuda(operands, loss) : NllInParts(operands, loss);
}

// `values` of the rows `at` among `rows`, the others 0.
at::Tensor Spread(const at::Tensor& values, const at::Tensor& at, int64_t rows) {
  auto sizes = values.sizes().vec();
  sizes[0] = rows;
  return at::zeros(sizes, values.options()).index_copy_(0, at, values);
}

// Without the rows of weight 0, unless they are too few to be worth it; with as many of them as
// make up the least number of rows of a product.
NllWithGradient NllOfLiveRows(const LogprobOperands& operands, const NllLossOperands& loss) {
  const int64_t rows = loss.row_weights.size(0);
  at::Tensor live = at::nonzero(loss.row_weights).squeeze(1);
  if (rows - live.size(0) < 2 * kMinProductRows) return NllOnDevice(operands, loss);
  if (live.size(0) < kMinProductRows) {
    const at::Tensor dead = at::nonzero(loss.row_weights.eq(0)).squeeze(1);
    live = at::cat({live, dead.narrow(0, 0, kMinProductRows - live.size(0))});
  }
  LogprobOperands packed = operands;
  packed.hidden = at::index_select(operands.hidden, 0, live);
  packed.targets = at::index_select(operands.targets, 0, live);
  NllWithGradient result = NllOnDevice(
      packed,
      {at::index_select(loss.row_weights, 0, live), loss.z_loss, loss.dweight_sum, loss.frozen});
  result.scores = {Spread(result.scores.logp, live, rows),
                   Spread(result.scores.lse, live, rows),
                   Spread(result.scores.entropy, live, rows)};
  result.dhidden = Spread(result.dhidden, live, rows);
  return result;
}

// Σ w·(−logp) + z_loss·Σ w·lse², summed in float64.
at::Tensor LossOf(const LinearLogprobResult& scores, const NllLossOperands& loss) {
  const at::Tensor lse = scores.lse.to(at::kDouble);
  const at::Tensor rows = lse.square().mul_(loss.z_loss).sub_(scores.logp);
  return rows.mul_(loss.row_weights).sum().to(at::kFloat);
}

constexpr const char* kOnlyAsItIs =
    "WeightedNll: with dweight_sum the loss must be differentiated as it is, not times a number";

class WeightedNllFunction : public torch::autograd::Function<WeightedNllFunction> {
 public:
  static variable_list forward(AutogradContext* context,
                               const at::Tensor& hidden,
                               const at::Tensor& weight,
                               const std::shared_ptr<const PackedMatrix>& packed,
                               const at::Tensor& targets,
                               const NllLossOperands& loss,
                               const LogprobOptions& options) {
    const LogprobOperands operands = Checked(hidden, {weight, packed}, targets, options);
    const NllWithGradient result = NllOfLiveRows(operands, loss);
    context->saved_data["dhidden"] = result.dhidden.to(hidden.scalar_type());
    if (!loss.dweight_sum.defined() && !loss.frozen)
      context->saved_data["dweight"] = result.dweight.to(weight.scalar_type());
    context->saved_data["summed"] = loss.dweight_sum.defined();
    context->mark_non_differentiable({result.scores.logp, result.scores.entropy});
    return {LossOf(result.scores, loss), result.scores.logp, result.scores.entropy};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor& scale = gradients[0];
    at::Tensor dhidden = context->saved_data["dhidden"].toTensor();
    at::Tensor dweight;
    const auto kept = context->saved_data.find("dweight");
    if (kept != context->saved_data.end()) dweight = kept->second.toTensor();
    const bool summed = context->saved_data["summed"].toBool();
    context->saved_data.clear();  // a second backward through the same graph is not supported
    // Mostly the loss is what is differentiated; dweight is large.
    const bool as_it_is = scale.is_cpu() && scale.item<float>() == 1.0F;
    if (summed && !as_it_is) {
      TORCH_CHECK(scale.is_cuda(), kOnlyAsItIs);
      at::_assert_async(scale.eq(1.0), kOnlyAsItIs);
    }
    if (!as_it_is) {
      dhidden.mul_(scale);
      if (dweight.defined()) dweight.mul_(scale);
    }
    return {dhidden, dweight, {}, {}, {}, {}};
  }
};

}  // namespace

void SoftCapLogits(double soft_cap, const at::Tensor& logits) {
  if (soft_cap == 0.0) return;
  kernels::SoftCapLogits(
      static_cast<float>(soft_cap), logits.numel(), logits.mutable_data_ptr<float>());
}

LinearLogprobResult EmptyScores(int64_t rows, const at::Tensor& like) {
  const auto options = like.options().dtype(at::kFloat);
  return {at::empty({rows}, options), at::empty({rows}, options), at::empty({rows}, options)};
}

LinearLogprobResult LinearLogprob(const at::Tensor& hidden,
                                  const Matrix& weight,
                                  const at::Tensor& targets,
                                  const LogprobOptions& options) {
  const at::NoGradGuard no_gradient;
  return Scores(Checked(hidden, weight, targets, options));
}

WeightedNllResult WeightedNll(const at::Tensor& hidden,
                              const Matrix& weight,
                              const at::Tensor& targets,
                              const at::Tensor& row_weights,
                              double z_loss,
                              const LogprobOptions& options,
                              const at::Tensor& dweight_sum) {
  TORCH_CHECK(row_weights.sizes() == targets.sizes() && row_weights.scalar_type() == at::kFloat &&
                  row_weights.device() == hidden.device() && row_weights.is_contiguous(),
              "WeightedNll: row weights must be float32 [",
              targets.size(0),
              "] beside hidden");
  TORCH_CHECK(!dweight_sum.defined() ||
                  (dweight_sum.sizes() == weight.dense.sizes() && dweight_sum.is_contiguous() &&
                   dweight_sum.scalar_type() == at::kFloat &&
                   dweight_sum.device() == weight.dense.device()),
              "WeightedNll: dweight_sum must be a contiguous float32 matrix like the weight");
  const bool frozen = !dweight_sum.defined() && !RecordsGradient(weight.dense);
  const NllLossOperands loss = {row_weights, z_loss, dweight_sum, frozen};
  if (dweight_sum.defined() || RecordsGradient(hidden, weight.dense)) {
    const at::Tensor known = dweight_sum.defined() ? weight.dense.detach() : weight.dense;
    const variable_list out =
        WeightedNllFunction::apply(hidden, known, weight.packed, targets, loss, options);
    return {out[0], out[1], out[2]};
  }
  const LinearLogprobResult scores = LinearLogprob(hidden, weight, targets, options);
  return {LossOf(scores, loss), scores.logp, scores.entropy};
}

}  // namespace restem
