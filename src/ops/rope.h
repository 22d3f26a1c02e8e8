// Rotary position embedding with its gradient; see kernels/rope.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace restem {

// theta^(−2i/rotary_dim) in float32, as HF computes them: radians from a position to the next.
std::vector<float> RopeFrequencies(int64_t rotary_dim, double theta);  // [rotary_dim / 2]

// Cosine and sine of every position's angles, times a factor. Positions are computed when they are
// first asked for, with all before them: contexts are longer than most sequences. Thread-safe;
// copies share the table.
class RopeTable {
 public:
  RopeTable() = default;
  RopeTable(int64_t max_positions,
            std::span<const float> frequencies,  // [rotary_dim / 2]
            double factor = 1.0);

  int64_t max_positions() const { return cosines_.size(0); }
  int64_t rotary_dim() const { return 2 * cosines_.size(1); }

  // The table, of which positions [0, count) are computed: [max_positions, rotary_dim / 2] float32.
  struct View {
    at::Tensor cosines;
    at::Tensor sines;
  };
  View view(int64_t count) const;

  // All of it, on that device.
  RopeTable on(at::Device device) const;

 private:
  struct Progress;  // what is computed by now

  at::Tensor cosines_;
  at::Tensor sines_;
  std::shared_ptr<Progress> progress_;  // null: all is, as on a GPU
};

// Elements of a head behind rotary_dim stay as they are. All on one device; on a GPU nobody looks
// whether the positions are below the table's length.
at::Tensor Rope(const at::Tensor& x,  // [rows, heads, head_dim] float32, on a GPU also bfloat16
                const at::Tensor& positions,  // [rows] int32, each below the table's length
                const RopeTable& table);      // returns [rows, heads, head_dim] of x's dtype

}  // namespace restem
