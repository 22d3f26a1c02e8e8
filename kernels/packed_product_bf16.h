// Products of bfloat16 weights on CPUs that multiply pairs of them in one instruction
// (AVX512-BF16): kernels/packed_product.h uses them where they are.
#pragma once

#include <bit>
#include <cmath>

#include "kernels/packed_product.h"

namespace restem::kernels {

// The bits of the nearest bfloat16, ties to even; NaN stays NaN.
inline uint16_t ToBfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

bool HasBfloat16Dots();
// As PackedProduct(), with a bfloat16 weight; only where HasBfloat16Dots().
void ProductByBfloat16Dots(const PackedWeightView& weight,
                           const float* x,
                           const float* bias,
                           int64_t rows,
                           const ProductColumns& columns,
                           float* y);

}  // namespace restem::kernels
