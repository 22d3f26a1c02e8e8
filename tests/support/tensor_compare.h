// Comparison of a float32 result with a float64 reference, printing the worst element.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace restem::testing {

// |actual − expected| <= tolerance · max(1, largest |expected|): float32 rounding grows with the
// largest term of a sum.
inline ::testing::AssertionResult Near(const at::Tensor& actual,
                                       const at::Tensor& expected,
                                       double tolerance) {
  if (actual.sizes() != expected.sizes()) {
    return ::testing::AssertionFailure()
           << "shape " << actual.sizes() << ", expected " << expected.sizes();
  }
  if (actual.numel() == 0) return ::testing::AssertionSuccess();
  const at::Tensor a = actual.to(at::kDouble).flatten();
  const at::Tensor e = expected.to(at::kDouble).flatten();
  if (!at::isfinite(a).all().item<bool>()) return ::testing::AssertionFailure() << "not all finite";
  const at::Tensor difference = (a - e).abs();
  const double bound = tolerance * std::max(1.0, e.abs().max().item<double>());
  const double worst = difference.max().item<double>();
  if (worst <= bound) return ::testing::AssertionSuccess();
  const auto at = difference.argmax().item<int64_t>();
  return ::testing::AssertionFailure()
         << "worst element " << at << ": " << a[at].item<double>() << ", expected "
         << e[at].item<double>() << ", off by " << worst << ", allowed " << bound;
}

}  // namespace restem::testing
