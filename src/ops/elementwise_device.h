// What ops/glu.cc and ops/rope.cc ask of a GPU: kernels on checked, contiguous tensors of one
// dtype, on the current stream of their device.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/glu.h"

namespace restem {

void GluForwardOnCuda(kernels::Activation activation,
                      const at::Tensor& gate,
                      const at::Tensor& up,  // may be undefined
                      const at::Tensor& y);
void GluBackwardOnCuda(kernels::Activation activation,
                       const at::Tensor& dy,
                       const at::Tensor& gate,
                       const at::Tensor& up,  // may be undefined
                       const at::Tensor& dgate,
                       const at::Tensor& dup);  // undefined without up

struct RopeOperands {
  at::Tensor positions;  // [rows] int32
  at::Tensor cosines;    // [max_positions, rotary_dim / 2] float32
  at::Tensor sines;
  float direction = 1.0F;
};
void RopeOnCuda(const RopeOperands& operands,
                const at::Tensor& x,   // [rows, heads, head_dim]
                const at::Tensor& y);  // the same

}  // namespace restem
