// The log-prob op as torch.ops.restem.*, so that scripts/peers/compare_linear_logprob.py can run it
// beside its peers in one Python process. LibTorch is the process's own: the wheel that Python
// imported is the one that restem is built with.
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <cstdint>
#include <optional>
#include <tuple>

#include "ops/linear_logprob.h"

namespace restem {
namespace {

using ThreeTensors = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

ThreeTensors Logprob(const at::Tensor& hidden,
                     const at::Tensor& weight,
                     const at::Tensor& targets,
                     double soft_cap,
                     double temperature) {
  const LinearLogprobResult result =
      LinearLogprob(hidden, weight, targets, {soft_cap, temperature, /*logits_bytes=*/0});
  return {result.logp, result.lse, result.entropy};
}

ThreeTensors Nll(const at::Tensor& hidden,
                 const at::Tensor& weight,
                 const at::Tensor& targets,
                 const at::Tensor& row_weights,
                 double z_loss,
                 double soft_cap,
                 double temperature,
                 int64_t logits_bytes,
                 const std::optional<at::Tensor>& dweight_sum) {
  const WeightedNllResult result = WeightedNll(hidden,
                                               weight,
                                               targets,
                                               row_weights,
                                               z_loss,
                                               {soft_cap, temperature, logits_bytes},
                                               dweight_sum.value_or(at::Tensor()));
  return {result.loss, result.logp, result.entropy};
}

}  // namespace
}  // namespace restem

// Given with its schema only, a function is CompositeImplicitAutograd: the dispatcher calls it with
// autograd on, and the op's own autograd function records the backward.
TORCH_LIBRARY(restem, library) {
  library.def(
      "logprob(Tensor hidden, Tensor weight, Tensor targets, float soft_cap=0., "
      "float temperature=1.) -> (Tensor logp, Tensor lse, Tensor entropy)",
      &restem::Logprob);
  library.def(
      "weighted_nll(Tensor hidden, Tensor weight, Tensor targets, Tensor row_weights, "
      "float z_loss=0., float soft_cap=0., float temperature=1., int logits_bytes=0, "
      "Tensor(a!)? dweight_sum=None) "
      "-> (Tensor loss, Tensor logp, Tensor entropy)",
      &restem::Nll);
}
