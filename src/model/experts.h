// A mixture of experts in place of a layer's MLP: a router chooses, for each row, which of them
// compute it (arXiv 2101.03961).
#pragma once

#include <ATen/core/Tensor.h>

#include "model/config.h"
#include "model/weights.h"
#include "ops/model_parts.h"

namespace restem {

// Rows are sorted by expert, so that each expert multiplies once; a row's results are added in the
// order of experts. Neither depends on what other rows choose.
at::Tensor MixtureOfExperts(const ModelConfig& config,
                            const LayerWeights& layer,
                            const at::Tensor& x);  // [rows, hidden]; returns the same

// A gated MLP, or a plain one where it has no gate. Of ranks with parts of it, each computes a
// share of what has to be added up.
at::Tensor Mlp(kernels::Activation activation,
               const MlpWeights& mlp,
               const at::Tensor& x,
               const ModelParts* parts = nullptr);  // null: `mlp` is whole

// A bias of what ranks add up: that of the first, none for the others.
at::Tensor AddedOnce(const ModelParts* parts, const at::Tensor& bias);

}  // namespace restem
