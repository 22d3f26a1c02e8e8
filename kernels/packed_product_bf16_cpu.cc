#include <algorithm>
#include <cstdlib>
#include <vector>

#include "kernels/packed_product_bf16.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RESTEM_AVX512_BF16 1
#include <immintrin.h>
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512bf16")
#include "kernels/packed_product_bf16-inl.h"

namespace restem::kernels {
namespace {

struct Avx512Bf16 {
  using Vec = __m512;
  static Vec Zero() { return _mm512_setzero_ps(); }
  static Vec Dot(Vec sum, uint32_t pair, const uint32_t* pairs) {
    return _mm512_dpbf16_ps(sum,
                            reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair))),
                            reinterpret_cast<__m512bh>(_mm512_loadu_si512(pairs)));
  }
  static void Store(Vec sum, float* to) { _mm512_storeu_ps(to, sum); }
};

using Dots = Bfloat16Product<Avx512Bf16>;

}  // namespace
}  // namespace restem::kernels
#pragma GCC pop_options
#endif

namespace restem::kernels {

bool HasBfloat16Dots() {
#ifdef RESTEM_AVX512_BF16
  static const bool has =
      __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw");
  return has;
#else
  return false;
#endif
}

void ProductByBfloat16Dots(const PackedWeightView& weight,
                           const float* x,
                           const float* bias,
                           int64_t rows,
                           const ProductColumns& columns,
                           float* y) {
#ifdef RESTEM_AVX512_BF16
  constexpr int64_t kBlockRows = 480;  // whose pairs leave room for panels in the cache
  static thread_local std::vector<uint32_t> arranged;
  const int64_t pairs = (weight.in + 1) / 2;
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - row);
    arranged.resize(
        static_cast<size_t>((count + Dots::kRows - 1) / Dots::kRows * Dots::kRows * pairs));
    Dots::arrange(x + row * weight.in, count, weight.in, arranged.data());
    Dots::product(weight, arranged.data(), bias, count, columns, y + row * columns.stride);
  }
#else
  std::abort();
#endif
}

}  // namespace restem::kernels
