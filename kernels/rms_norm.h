// Root mean square layer norm (arXiv 1910.07467): y = x / sqrt(mean(x²) + eps) · weight.
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels {

void RmsNormForward(const float* x,       // [rows, width]
                    const float* weight,  // [width]
                    int64_t rows,
                    int64_t width,
                    float eps,
                    float* y,             // [rows, width]
                    float* inverse_rms);  // [rows], kept for the backward; may be null

void RmsNormBackward(const float* dy,           // [rows, width]
                     const float* x,            // [rows, width]
                     const float* weight,       // [width]
                     const float* inverse_rms,  // [rows]
                     int64_t rows,
                     int64_t width,
                     float* dx,        // [rows, width]
                     float* dweight);  // [width], set

// On a GPU: the residual stream is float32, what products give and take is of `precision`. Width a
// multiple of 4, arrays aligned to 16 bytes, else "cudaErrorNotSupported" or
// "cudaErrorMisalignedAddress". A row's bits do not depend on the other rows.
namespace cuda {

struct RmsNormInput {
  int64_t rows = 0;  // of y
  int64_t width = 0;
  const float* weight = nullptr;  // [width]
  float eps = 0.0F;
  Precision precision = Precision::kBfloat16;
};

CudaError RmsNorm(const RmsNormInput& input,
                  const float* x,         // [any, width]
                  const int32_t* chosen,  // [rows] of x; null: all of them in their order
                  void* y,                // [rows, width]
                  CudaStream stream);

// x += addend + bias, y = norm(x): what stands between two blocks of a decoder.
CudaError AddRmsNorm(const RmsNormInput& input,
                     const void* addend,  // [rows, width]
                     const float* bias,   // [width], may be null
                     float* x,            // [rows, width]
                     void* y,             // [rows, width]
                     CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
