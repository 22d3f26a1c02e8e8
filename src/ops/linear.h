// y = x·Wᵀ + b with activations in float32 and the weight in its own dtype.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// MKL computes a row of a product the same way whatever the number of rows, but only from 8 rows
// up; below, it takes other paths. Callers that promise results independent of batching pad to this
// many rows.
inline constexpr int64_t kMinProductRows = 8;

at::Tensor Linear(const at::Tensor& x,       // [rows, in] float32
                  const at::Tensor& weight,  // [out, in] float32 or bfloat16
                  const at::Tensor& bias);   // [out] float32, or undefined
                                             // returns [rows, out] float32

}  // namespace restem
