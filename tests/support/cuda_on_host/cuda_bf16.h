// bfloat16: the upper half of a float's bits.
#pragma once

#include <cstdint>
#include <cstring>

struct __nv_bfloat16 {
  uint16_t bits;
};
typedef __nv_bfloat16 nv_bfloat16;

inline float __bfloat162float(__nv_bfloat16 value) {
  const uint32_t bits = uint32_t{value.bits} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof(result));
  return result;
}

// To nearest, ties to even. All NaNs become CUDA's one NaN, 0x7FFF.
inline __nv_bfloat16 __float2bfloat16(float value) {
  if (value != value) return {0x7FFF};
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  // Up to one below half of the last place, or half if that is odd: a carry then goes where
  // rounding goes.
  bits += 0x7FFF + (bits >> 16 & 1);
  return {static_cast<uint16_t>(bits >> 16)};
}
inline __nv_bfloat16 __float2bfloat16_rn(float value) { return __float2bfloat16(value); }

struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
inline __nv_bfloat162 __floats2bfloat162_rn(float low, float high) {
  return {__float2bfloat16(low), __float2bfloat16(high)};
}
