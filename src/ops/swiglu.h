// silu(gate) · up with its gradient; see kernels/swiglu.h.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// All [rows, width] float32.
at::Tensor Swiglu(const at::Tensor& gate, const at::Tensor& up);

}  // namespace restem
