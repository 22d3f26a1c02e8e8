// The decoder's first step: tokens to rows of the embedding matrix.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels::cuda {

struct EmbeddingTable {
  Precision precision = Precision::kBfloat16;
  int64_t width = 0;
  const void* rows = nullptr;  // [count, width]
  int64_t first_token = 0;     // whose row is the first
  int64_t count = 0;
};

// A token that the table has no row for, −1 say, gets a row of zeros. Width a multiple of 4, arrays
// aligned to 16 bytes, else "cudaErrorNotSupported" or "cudaErrorMisalignedAddress".
CudaError EmbedTokens(const EmbeddingTable& table,
                      int64_t rows,
                      const int32_t* tokens,  // [rows]
                      float* x,               // [rows, width]
                      CudaStream stream);

}  // namespace restem::kernels::cuda
