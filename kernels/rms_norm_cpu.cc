#include <cmath>
#include <cstring>

#include "kernels/rms_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rms_norm_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float Dot3(const float* a, const float* b, const float* c, int64_t width) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  auto sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    sum = hn::MulAdd(
        hn::Mul(hn::LoadU(tag, a + i), hn::LoadU(tag, b + i)), hn::LoadU(tag, c + i), sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(tag, sum));
  for (; i < width; ++i) total += a[i] * b[i] * c[i];
  return total;
}

float SquareSum(const float* x, int64_t width) {
  const hn::ScalableTag<float> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  auto sum = hn::Zero(tag);
  int64_t i = 0;
  for (; i + lanes <= width; i += lanes) {
    const auto value = hn::LoadU(tag, x + i);
    sum = hn::MulAdd(value, value, sum);
  }
  float total = hn::GetLane(hn::SumOfLanes(tag, sum));
  for (; i < width; ++i) total += x[i] * x[i];
  return total;
}

void Forward(const float* x,
             const float* weight,
             int64_t rows,
             int64_t width,
             float eps,
             float* y,
             float* inverse_rms) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float scale = 1.0F / std::sqrt(SquareSum(x, width) / static_cast<float>(width) + eps);
    if (inverse_rms != nullptr) inverse_rms[row] = scale;
    for (int64_t i = 0; i < width; ++i) y[i] = x[i] * scale * weight[i];
  }
}

// With r = inverse rms and g = dy·weight: dx = r·(g − x·r²·mean(g·x)), dweight = Σ dy·x·r.
void Backward(const float* dy,
              const float* x,
              const float* weight,
              const float* inverse_rms,
              int64_t rows,
              int64_t width,
              float* dx,
              float* dweight) {
  std::memset(dweight, 0, static_cast<size_t>(width) * sizeof(float));
  for (int64_t row = 0; row < rows; ++row, dy += width, x += width, dx += width) {
    const float scale = inverse_rms[row];
    const float mean = Dot3(dy, weight, x, width) / static_cast<float>(width);
    const float pull = mean * scale * scale;
    for (int64_t i = 0; i < width; ++i) {
      dx[i] = scale * (dy[i] * weight[i] - x[i] * pull);
      dweight[i] += dy[i] * x[i] * scale;
    }
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

void RmsNormForward(const float* x,
                    const float* weight,
                    int64_t rows,
                    int64_t width,
                    float eps,
                    float* y,
                    float* inverse_rms) {
  HWY_DYNAMIC_DISPATCH(Forward)(x, weight, rows, width, eps, y, inverse_rms);
}

void RmsNormBackward(const float* dy,
                     const float* x,
                     const float* weight,
                     const float* inverse_rms,
                     int64_t rows,
                     int64_t width,
                     float* dx,
                     float* dweight) {
  HWY_DYNAMIC_DISPATCH(Backward)(dy, x, weight, inverse_rms, rows, width, dx, dweight);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
