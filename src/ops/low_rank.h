// Products with what is added to a matrix at low rank.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/matrix.h"

namespace restem {

// scale · (x·aᵀ)·bᵀ, with gradients to x, a and b; with its dropout, where it has a stream.
at::Tensor LowRankProduct(const at::Tensor& x,       // [rows, in]
                          const LowRank& low_rank);  // returns [rows, out] float32

// dense + scale·b·a in the dtype of `dense`, without gradient; `dense` itself where nothing is
// added.
at::Tensor Merged(const at::Tensor& dense, const LowRank& low_rank);  // [out, in]

}  // namespace restem
