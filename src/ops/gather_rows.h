// Rows of a matrix by number.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// Its gradient adds up where a row is taken more than once.
at::Tensor GatherRows(const at::Tensor& x,       // [rows, width]
                      const at::Tensor& index);  // [n] int64; returns [n, width]

}  // namespace restem
