#include "tensor_cores.h"

#include <gtest/gtest.h>

#include <vector>

#include "cuda_bf16.h"
#include "cuda_runtime.h"
#include "launch_for_test.h"

namespace restem_host_cuda {
namespace {

// c [16, 8] += a [16, 16] · b [16, 8], laid out over the lanes as the PTX ISA says.
__global__ void MultiplyTile(const float* a, const float* b, float* c) {
  const int g = threadIdx.x / 4, t = threadIdx.x % 4;
  const auto word = [](float low, float high) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return uint32_t{pair.y.bits} << 16 | pair.x.bits;
  };
  uint32_t of_a[4], of_b[2];
  float of_c[4];
  for (int i = 0; i < 4; ++i) {
    const float* row = a + (g + i % 2 * 8) * 16 + 2 * t + i / 2 * 8;
    of_a[i] = word(row[0], row[1]);
    of_c[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
  }
  for (int i = 0; i < 2; ++i) {
    const float* column = b + (2 * t + i * 8) * 8 + g;
    of_b[i] = word(column[0], column[8]);
  }
  MultiplyAdd(of_a, of_b, of_c);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = of_c[i];
}

TEST(TensorCores, MultiplyAsThePtxIsaSays) {
  std::vector<float> a(16 * 16), b(16 * 8), c(16 * 8), expected(16 * 8);
  // Small whole numbers: exact in bfloat16, and their sums in any order.
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i * 37 % 19) - 9;
  for (size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i * 23 % 17) - 8;
  for (size_t i = 0; i < c.size(); ++i) {
    expected[i] = c[i] = static_cast<float>(i);
    for (size_t k = 0; k < 16; ++k) expected[i] += a[i / 8 * 16 + k] * b[k * 8 + i % 8];
  }
  LaunchForTest launch({1}, {32});
  ASSERT_EQ(launch(MultiplyTile, a.data(), b.data(), c.data()), cudaSuccess);
  EXPECT_EQ(c, expected);
  EXPECT_THROW(LaunchForTest({1}, {16})(MultiplyTile, a.data(), b.data(), c.data()), KernelError);
}

}  // namespace
}  // namespace restem_host_cuda
