// Rotary position embedding (arXiv 2104.09864) in the "rotate half" layout of HF checkpoints:
// element i of a head is paired with element i + head_dim/2 and turned by position ·
// theta^(−2i/head_dim).
#pragma once

#include <cstdint>

namespace restem::kernels {

// y may be x. direction +1 rotates, −1 rotates back (the gradient).
void Rope(const float* x,            // [rows, heads, head_dim]
          const int32_t* positions,  // [rows], each within the tables
          const float* cosines,      // [max_positions, head_dim / 2]
          const float* sines,        // [max_positions, head_dim / 2]
          int64_t rows,
          int64_t heads,
          int64_t head_dim,
          float direction,
          float* y);  // [rows, heads, head_dim]

}  // namespace restem::kernels
