// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 of the PTX ISA, for all lanes of a warp.
#pragma once

#include <cstdint>

#include "executor.h"

namespace restem_host_cuda {

// What one lane has of c [16, 8] += a [16, 16] · b [16, 8]. A word of a and b holds two bfloat16,
// the one of the lower index in its lower half. With g = lane / 4 and t = lane % 4:
struct LaneOfProduct {
  uint32_t a[4];  // (row g, columns 2t, 2t + 1), (g + 8, 2t …), (g, 2t + 8 …), (g + 8, 2t + 8 …)
  uint32_t b[2];  // (rows 2t, 2t + 1, column g), (rows 2t + 8, 2t + 9, column g)
  float c[4];     // (row g, column 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
};

// Products are exact and sums are rounded to float32 one after another; the hardware's order and
// rounding are its own.
void MultiplyAdd(const uint32_t (&a)[4],
                 const uint32_t (&b)[2],
                 float (&c)[4],
                 Site site = Site::Here());

}  // namespace restem_host_cuda
