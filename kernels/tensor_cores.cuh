// Products of small bfloat16 tiles by a warp, as the PTX ISA defines their layouts. With g = lane /
// 4 and t = lane % 4, a word holds two neighbours, the first in its lower half.
#pragma once

#include "kernels/device.cuh"
#ifndef __CUDACC__
#include <tensor_cores.h>
#endif

namespace restem::kernels::device {

// c [16, 8] += a [16, 16] · b [16, 8], sums in float32 (mma.m16n8k16). A lane has
//   a: (row g, columns 2t, 2t + 1), (g + 8, the same), (g, 2t + 8, 2t + 9), (g + 8, the same)
//   b: (rows 2t, 2t + 1, column g), (rows 2t + 8, 2t + 9, column g)
//   c: (row g, column 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
__device__ inline void MultiplyAdd([[maybe_unused]] const uint32_t (&a)[4],
                                   [[maybe_unused]] const uint32_t (&b)[2],
                                   [[maybe_unused]] float (&c)[4]) {
#ifdef __CUDA_ARCH__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif !defined(__CUDACC__)
  restem_host_cuda::MultiplyAdd(a, b, c);
#endif
}

// The transpose of an [8, 8] tile; a lane has (row g, columns 2t, 2t + 1).
__device__ inline uint32_t Transposed(uint32_t word) {
#ifdef __CUDA_ARCH__
  uint32_t transposed;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(transposed) : "r"(word));
  return transposed;
#else
  constexpr unsigned kAll = 0xffffffffU;
  const int g = static_cast<int>(threadIdx.x) % kWarp / 4;
  const int t = static_cast<int>(threadIdx.x) % 4;
  const uint32_t first = __shfl_sync(kAll, word, 8 * t + g / 2);
  const uint32_t second = __shfl_sync(kAll, word, 8 * t + 4 + g / 2);
  const int shift = g % 2 * 16;
  return (first >> shift & 0xffffU) | (second >> shift & 0xffffU) << 16;
#endif
}

}  // namespace restem::kernels::device
