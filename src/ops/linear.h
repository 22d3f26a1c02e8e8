// y = x·Wᵀ + b with the weight in its own dtype. On a CPU activations are float32. On a GPU those
// between products have the weight's dtype, whatever they are given in: products come out as they
// go in.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

#include "ops/matrix.h"

namespace restem {

// MKL computes a row of a product the same way whatever the number of rows, but only from 8 rows
// up; below, it takes other paths. Callers that promise results independent of batching pad to this
// many rows.
inline constexpr int64_t kMinProductRows = 8;

// With a bfloat16 weight, x is rounded to bfloat16 and sums are in float32. What is added at low
// rank is computed beside it in float32.
at::Tensor Linear(const at::Tensor& x,      // [rows, in] float32, on a GPU also the weight's dtype
                  const Matrix& weight,     // [out, in]
                  const at::Tensor& bias);  // [out] float32, or undefined
                                            // returns [rows, out] float32, on a GPU as weight

// x as Linear takes it on its device: where several products take the same, it is rounded once.
at::Tensor OperandOf(const at::Tensor& x, const Matrix& weight);

// A CPU without bfloat16 arithmetic takes nine times as long for LibTorch's bfloat16 product as for
// the float32 one (measured on Zen 3, 512 x 896 x 4096). So weights are widened, some rows at a
// time: what is widened is still in the cache when it is multiplied.
inline constexpr int64_t kWidenedRows = 4096;

// body(first, count) for each run of weight rows.
template <typename Body>
void ForWeightRows(int64_t rows, Body body) {
  for (int64_t first = 0; first < rows; first += kWidenedRows)
    body(first, std::min(kWidenedRows, rows - first));
}

// Rows [first, first + count) of a weight in float32; a view where they are that already.
at::Tensor WidenedRows(const at::Tensor& weight, int64_t first, int64_t count);

// x as a product with this weight sees it: float32, rounded to the weight's precision.
at::Tensor RoundedTo(const at::Tensor& x, const at::Tensor& weight);

}  // namespace restem
