#include <algorithm>

#include "kernels/rope.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rope_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {

// The compiler vectorizes the inner loop for each target; there is nothing to gain by hand.
void Rotate(const float* x,
            const int32_t* positions,
            const float* cosines,
            const float* sines,
            int64_t rows,
            int64_t heads,
            int64_t head_dim,
            int64_t rotary_dim,
            float direction,
            float* y) {
  const int64_t half = rotary_dim / 2;
  for (int64_t row = 0; row < rows; ++row) {
    const float* cosine = cosines + positions[row] * half;
    const float* sine = sines + positions[row] * half;
    for (int64_t head = 0; head < heads; ++head, x += head_dim, y += head_dim) {
      for (int64_t i = 0; i < half; ++i) {
        const RopePair turned = Turned({x[i], x[i + half]}, cosine[i], direction * sine[i]);
        y[i] = turned.first;
        y[i + half] = turned.second;
      }
      if (x != y) std::copy(x + rotary_dim, x + head_dim, y + rotary_dim);
    }
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Rotate);

void Rope(const float* x,
          const int32_t* positions,
          const float* cosines,
          const float* sines,
          int64_t rows,
          int64_t heads,
          int64_t head_dim,
          int64_t rotary_dim,
          float direction,
          float* y) {
  HWY_DYNAMIC_DISPATCH(Rotate)
  (x, positions, cosines, sines, rows, heads, head_dim, rotary_dim, direction, y);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
