// A mixture of experts in place of a layer's MLP: a router chooses, for each row, which of them
// compute it (arXiv 2101.03961).
#pragma once

#include <ATen/core/Tensor.h>

#include "model/config.h"
#include "model/weights.h"

namespace restem {

// Rows are sorted by expert, so that each expert multiplies once; a row's results are added in the
// order of experts. Neither depends on what other rows choose.
at::Tensor MixtureOfExperts(const ModelConfig& config,
                            const LayerWeights& layer,
                            const at::Tensor& x);  // [rows, hidden]; returns the same

// A gated MLP, or a plain one where it has no gate.
at::Tensor Mlp(kernels::Activation activation, const MlpWeights& mlp, const at::Tensor& x);

}  // namespace restem
