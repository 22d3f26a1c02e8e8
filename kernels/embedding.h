// The decoder's first step: tokens to rows of the embedding matrix.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels::cuda {

// Width a multiple of 4, arrays aligned to 16 bytes, else "cudaErrorNotSupported" or
// "cudaErrorMisalignedAddress".
CudaError EmbedTokens(Precision precision,
                      int64_t rows,
                      int64_t width,
                      const void* table,      // [vocab, width] of the precision
                      const int32_t* tokens,  // [rows] below vocab; −1: no token, a row of zeros
                      float* x,               // [rows, width]
                      CudaStream stream);

}  // namespace restem::kernels::cuda
