// The gated activation of Llama's MLP (arXiv 2002.05202): y = silu(gate) · up, silu(z) = z / (1 +
// e^−z).
#pragma once

#include <cstdint>

namespace restem::kernels {

// All arrays [count] float32.
void SwigluForward(const float* gate, const float* up, int64_t count, float* y);
void SwigluBackward(
    const float* dy, const float* gate, const float* up, int64_t count, float* dgate, float* dup);

}  // namespace restem::kernels
