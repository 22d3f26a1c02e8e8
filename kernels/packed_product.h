// Products with a weight matrix that is laid out once for many uses, as sampling and scoring use
// it: x·Wᵀ for few rows of x, without arranging W anew each time.
//
// The layout: panel p holds weight rows [16p, 16p + 16), rows past the end as zeros; in float32 as
// [in, 16], in bfloat16 as [⌈in / 2⌉, 16, 2], an odd last input beside a zero.
//
// An output is one chain of multiply-adds over the inputs, from the first to the last; where the
// CPU has AVX512-BF16, with bfloat16 weights a chain over pairs of inputs. So its bits depend on
// its row of x, its row of W and the kind of CPU alone: not on how many rows there are, nor on the
// thread.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels {

inline constexpr int64_t kPanelWidth = 16;

// A weight [out, in], packed, in float32 or bfloat16.
struct PackedWeightView {
  const void* panels = nullptr;  // aligned to 64 bytes
  Precision precision = Precision::kFloat32;
  int64_t out = 0;
  int64_t in = 0;

  // Elements of one panel.
  static int64_t panel_size(Precision precision, int64_t in) {
    return kPanelWidth * (precision == Precision::kFloat32 ? in : (in + 1) / 2 * 2);
  }
  // Elements of all of them.
  static int64_t size(Precision precision, int64_t out, int64_t in) {
    return (out + kPanelWidth - 1) / kPanelWidth * panel_size(precision, in);
  }
};

// Lays out weight rows [out, in] of either precision; bfloat16 as its bits.
void PackWeight(const float* weight, int64_t out, int64_t in, float* panels);
void PackWeight(const uint16_t* weight, int64_t out, int64_t in, uint16_t* panels);

// Columns [first, first + count) of a product, and how its rows lie in memory.
struct ProductColumns {
  int64_t first = 0;   // a multiple of 16
  int64_t count = 0;   // at least 1
  int64_t stride = 0;  // floats from a row of y to the next, at least count
};

// y[r][c] = Σ_i x[r][i]·W[first + c][i] (+ bias[first + c]), in float32. With a bfloat16 weight, x
// is rounded to bfloat16 first.
void PackedProduct(const PackedWeightView& weight,
                   const float* x,     // [rows, in]
                   const float* bias,  // [out] or null
                   int64_t rows,
                   const ProductColumns& columns,
                   float* y);  // [rows, stride]

}  // namespace restem::kernels
