// Rotary position embedding with its gradient; see kernels/rope.h.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// Angles for every position, as HF computes them: float32 frequencies theta^(−2i/head_dim).
struct RopeTable {
  at::Tensor cosines;  // [max_positions, head_dim / 2] float32
  at::Tensor sines;    // the same
};
RopeTable MakeRopeTable(int64_t max_positions, int64_t head_dim, double theta);

at::Tensor Rope(const at::Tensor& x,          // [rows, heads, head_dim] float32
                const at::Tensor& positions,  // [rows] int32, each below the table's length
                const RopeTable& table);      // returns [rows, heads, head_dim] float32

}  // namespace restem
