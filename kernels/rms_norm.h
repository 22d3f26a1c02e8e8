// Root mean square layer norm (arXiv 1910.07467): y = x / sqrt(mean(x²) + eps) · weight.
#pragma once

#include <cstdint>

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

}  // namespace restem::kernels
