// Root mean square layer norm with its gradient; see kernels/rms_norm.h.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

at::Tensor RmsNorm(const at::Tensor& x,       // [rows, width] float32, on a GPU also bfloat16
                   const at::Tensor& weight,  // [width] float32
                   double eps);               // returns [rows, width] of x's dtype

}  // namespace restem
