// Gated linear units (arXiv 2002.05202), y = act(gate) · up, and their activation alone. Both
// activations are z · σ(s(z)), σ(s) = 1 / (1 + e^−s): SiLU with s(z) = z, and GELU in its tanh form
// (arXiv 1606.08415) with s(z) = 2·√(2/π)·(z + 0.044715·z³).
#pragma once

#include <cstdint>

#include "kernels/cuda_types.h"

namespace restem::kernels {

enum class Activation { kSilu, kGeluTanh };

inline constexpr float kGeluScale = 1.5957691216F;  // 2·√(2/π)
inline constexpr float kGeluCubic = 0.044715F;

// All arrays [count] float32; without `up`, y = act(gate) and `dup` is not written. An element's
// bits do not depend on where it stands.
void GluForward(Activation activation, const float* gate, const float* up, int64_t count, float* y);
void GluBackward(Activation activation,
                 const float* dy,
                 const float* gate,
                 const float* up,
                 int64_t count,
                 float* dgate,
                 float* dup);

// On a GPU: width a multiple of 4, arrays aligned to 16 bytes, else "cudaErrorNotSupported" or
// "cudaErrorMisalignedAddress".
namespace cuda {

// What sampling needs: gate and up come from one product, whose biases are added here.
CudaError Glu(Activation activation,
              Precision precision,
              int64_t rows,
              int64_t width,
              const void* gate_up,  // [rows, 2, width]: the gate, then up
              const float* bias,    // [2, width], may be null
              void* y,              // [rows, width] of the precision
              CudaStream stream);

// As the functions above, of arrays of the precision.
CudaError GluForward(Activation activation,
                     Precision precision,
                     int64_t count,
                     const void* gate,
                     const void* up,  // may be null
                     void* y,
                     CudaStream stream);
CudaError GluBackward(Activation activation,
                      Precision precision,
                      int64_t count,
                      const void* dy,
                      const void* gate,
                      const void* up,  // may be null
                      void* dgate,
                      void* dup,  // null without `up`
                      CudaStream stream);

}  // namespace cuda
}  // namespace restem::kernels
