// CUDA's device functions: barriers, warp exchange, atomics and arithmetic.
#pragma once

#include <math.h>  // in the global namespace, as in device code

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "executor.h"

namespace restem_host_cuda {

template <typename T>
inline uint64_t ToBits(T value) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <typename T>
inline T FromBits(uint64_t bits) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <typename T>
inline T Shuffle(Operation operation, unsigned mask, T value, int argument, int width, Site site) {
  return FromBits<T>(Meet({operation, site, mask, ToBits(value), argument, width}));
}

// Atomic, and nothing more: no other memory access is ordered by it.
template <typename T, typename Update>
inline T AtomicUpdate(T* address, Update update) {
  MayYield();
  T old;
  __atomic_load(address, &old, __ATOMIC_RELAXED);
  T updated = update(old);
  while (!__atomic_compare_exchange(
      address, &old, &updated, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    updated = update(old);
  }
  return old;
}

// `__fdividef` gives 0 for divisors above 2^126, CUDA C++ Programming Guide, "Intrinsic Functions".
inline float DivideApproximately(float x, float y) {
  return std::fabs(y) > 0x1p126f && std::fabs(y) < INFINITY ? x * 0.0f : x / y;
}

}  // namespace restem_host_cuda

inline void __syncthreads(restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  restem_host_cuda::Meet({restem_host_cuda::Operation::kSyncThreads, site});
}

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu,
                       restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  restem_host_cuda::Meet({restem_host_cuda::Operation::kSyncWarp, site, mask});
}

template <typename T>
inline T __shfl_sync(unsigned mask,
                     T value,
                     int lane,
                     int width = 32,
                     restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  using restem_host_cuda::Operation;
  return restem_host_cuda::Shuffle(Operation::kShuffle, mask, value, lane, width, site);
}

template <typename T>
inline T __shfl_up_sync(unsigned mask,
                        T value,
                        unsigned delta,
                        int width = 32,
                        restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  using restem_host_cuda::Operation;
  return restem_host_cuda::Shuffle(Operation::kShuffleUp, mask, value, delta, width, site);
}

template <typename T>
inline T __shfl_down_sync(unsigned mask,
                          T value,
                          unsigned delta,
                          int width = 32,
                          restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  using restem_host_cuda::Operation;
  return restem_host_cuda::Shuffle(Operation::kShuffleDown, mask, value, delta, width, site);
}

template <typename T>
inline T __shfl_xor_sync(unsigned mask,
                         T value,
                         int lane_mask,
                         int width = 32,
                         restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  using restem_host_cuda::Operation;
  return restem_host_cuda::Shuffle(Operation::kShuffleXor, mask, value, lane_mask, width, site);
}

inline unsigned __ballot_sync(unsigned mask,
                              int predicate,
                              restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  return restem_host_cuda::Meet({restem_host_cuda::Operation::kBallot, site, mask, predicate != 0});
}

inline int __any_sync(unsigned mask,
                      int predicate,
                      restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  return restem_host_cuda::Meet({restem_host_cuda::Operation::kAny, site, mask, predicate != 0});
}

inline int __all_sync(unsigned mask,
                      int predicate,
                      restem_host_cuda::Site site = restem_host_cuda::Site::Here()) {
  return restem_host_cuda::Meet({restem_host_cuda::Operation::kAll, site, mask, predicate != 0});
}

// The overloads that CUDA has, and no others. Integers wrap around.
#define RESTEM_ATOMIC(NAME, TYPE, EXPRESSION)                                                     \
  inline TYPE NAME(TYPE* address, TYPE value) {                                                   \
    return restem_host_cuda::AtomicUpdate(address, [=](TYPE old) -> TYPE { return EXPRESSION; }); \
  }
#define RESTEM_ATOMIC_EXTREMES(TYPE)                        \
  RESTEM_ATOMIC(atomicMax, TYPE, old < value ? value : old) \
  RESTEM_ATOMIC(atomicMin, TYPE, value < old ? value : old)
#define RESTEM_ATOMIC_CAS(TYPE)                                            \
  inline TYPE atomicCAS(TYPE* address, TYPE expected, TYPE value) {        \
    return restem_host_cuda::AtomicUpdate(                                 \
        address, [=](TYPE old) { return old == expected ? value : old; }); \
  }
RESTEM_ATOMIC(atomicAdd, int, static_cast<int>(static_cast<unsigned>(old) + value))
RESTEM_ATOMIC(atomicAdd, unsigned, old + value)
RESTEM_ATOMIC(atomicAdd, unsigned long long, old + value)
RESTEM_ATOMIC(atomicAdd, float, old + value)
RESTEM_ATOMIC(atomicAdd, double, old + value)
RESTEM_ATOMIC_EXTREMES(int)
RESTEM_ATOMIC_EXTREMES(unsigned)
RESTEM_ATOMIC_EXTREMES(long long)
RESTEM_ATOMIC_EXTREMES(unsigned long long)
RESTEM_ATOMIC(atomicExch, int, (static_cast<void>(old), value))
RESTEM_ATOMIC(atomicExch, unsigned, (static_cast<void>(old), value))
RESTEM_ATOMIC(atomicExch, unsigned long long, (static_cast<void>(old), value))
RESTEM_ATOMIC(atomicExch, float, (static_cast<void>(old), value))
RESTEM_ATOMIC_CAS(int)
RESTEM_ATOMIC_CAS(unsigned)
RESTEM_ATOMIC_CAS(unsigned long long)
#undef RESTEM_ATOMIC
#undef RESTEM_ATOMIC_EXTREMES
#undef RESTEM_ATOMIC_CAS

#define RESTEM_MIN_MAX(TYPE)                                   \
  constexpr TYPE min(TYPE a, TYPE b) { return b < a ? b : a; } \
  constexpr TYPE max(TYPE a, TYPE b) { return a < b ? b : a; }
RESTEM_MIN_MAX(int)
RESTEM_MIN_MAX(unsigned)
RESTEM_MIN_MAX(long)
RESTEM_MIN_MAX(unsigned long)
RESTEM_MIN_MAX(long long)
RESTEM_MIN_MAX(unsigned long long)
#undef RESTEM_MIN_MAX
// A NaN loses, as in fminf.
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

template <typename T>
inline T __ldg(const T* address) {
  return *address;
}

// Macros where the C library has declared the name for itself.
#define __expf(x) (::expf(x))
#define __exp10f(x) (::exp10f(x))
#define __logf(x) (::logf(x))
#define __log2f(x) (::log2f(x))
#define __log10f(x) (::log10f(x))
#define __powf(x, y) (::powf(x, y))
#define __sinf(x) (::sinf(x))
#define __cosf(x) (::cosf(x))
inline float __fdividef(float x, float y) { return restem_host_cuda::DivideApproximately(x, y); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fmaf_rn(float x, float y, float z) { return ::fmaf(x, y, z); }
inline float __fsqrt_rn(float x) { return ::sqrtf(x); }
inline float __frsqrt_rn(float x) { return 1.0 / ::sqrt(static_cast<double>(x)); }
inline float rsqrtf(float x) { return __frsqrt_rn(x); }

inline int __float_as_int(float x) { return restem_host_cuda::ToBits(x); }
inline unsigned __float_as_uint(float x) { return restem_host_cuda::ToBits(x); }
inline float __int_as_float(int x) {
  return restem_host_cuda::FromBits<float>(static_cast<unsigned>(x));
}
inline float __uint_as_float(unsigned x) { return restem_host_cuda::FromBits<float>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
