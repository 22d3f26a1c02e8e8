// Gated linear units and their activation alone, with gradients; see kernels/glu.h.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/glu.h"

namespace restem {

using kernels::Activation;

// act(gate) · up; without `up`, act(gate).
at::Tensor Glu(Activation activation,
               const at::Tensor& gate,      // [rows, width] float32, on a GPU also bfloat16
               const at::Tensor& up = {});  // the same, or undefined; returns the same

}  // namespace restem
