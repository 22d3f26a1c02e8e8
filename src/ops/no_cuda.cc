// Stands for the ops' CUDA halves in builds without CUDA, where no tensor can be on a GPU.
#include <c10/util/Exception.h>

#include "ops/elementwise_device.h"
#include "ops/linear_logprob_device.h"

namespace restem {
namespace {

[[noreturn]] void Refuse() {
  TORCH_CHECK(false, "this build has no CUDA; configure with -DRESTEM_CUDA=ON");
}

}  // namespace

LinearLogprobResult ScoresOnCuda(const LogprobOperands&) { Refuse(); }
NllWithGradient NllOnCuda(const LogprobOperands&, const NllLossOperands&) { Refuse(); }
void GluForwardOnCuda(kernels::Activation,
                      const at::Tensor&,
                      const at::Tensor&,
                      const at::Tensor&) {
  Refuse();
}
void GluBackwardOnCuda(kernels::Activation,
                       const at::Tensor&,
                       const at::Tensor&,
                       const at::Tensor&,
                       const at::Tensor&,
                       const at::Tensor&) {
  Refuse();
}
void RopeOnCuda(const RopeOperands&, const at::Tensor&, const at::Tensor&) { Refuse(); }

}  // namespace restem
