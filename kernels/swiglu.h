// The gated activation of Llama's MLP (arXiv 2002.05202): y = silu(gate) · up, silu(z) = z / (1 +
// e^−z).
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels {

// All arrays [count] float32.
void SwigluForward(const float* gate, const float* up, int64_t count, float* y);
void SwigluBackward(
    const float* dy, const float* gate, const float* up, int64_t count, float* dgate, float* dup);

// On a GPU: width a multiple of 4, arrays aligned to 16 bytes, else "cudaErrorNotSupported" or
// "cudaErrorMisalignedAddress".
namespace cuda {

CudaError Swiglu(Precision precision,
                 int64_t rows,
                 int64_t width,
                 const void* gate_up,  // [rows, 2, width]: the gate, then up
                 const float* bias,    // [2, width], may be null
                 void* y,              // [rows, width] of the precision
                 CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
