// Stands for linear_logprob_cuda.cc in builds without CUDA, where no tensor can be on a GPU.
#include <c10/util/Exception.h>

#include "ops/linear_logprob_device.h"

namespace restem {

LinearLogprobResult ScoresOnCuda(const LogprobOperands&) {
  TORCH_CHECK(false, "LinearLogprob: this build has no CUDA; configure with -DRESTEM_CUDA=ON");
}

NllWithGradient NllOnCuda(const LogprobOperands&, const NllLossOperands&) {
  TORCH_CHECK(false, "LinearLogprob: this build has no CUDA; configure with -DRESTEM_CUDA=ON");
}

}  // namespace restem
