// What the CUDA kernels share: launches, limits of the device, shared memory, clusters, vectors of
// 16 bytes. Everything else they take from CUDA itself. tests/support/cuda_on_host stands in for
// CUDA's headers where the same sources run on a CPU.
#pragma once

#include <cuda_bf16.h>
#include <cuda_pipeline.h>
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "kernels/cuda_types.h"

// Clusters exist from compute capability 9.0 on.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#include <cooperative_groups.h>
#define RESTEM_CLUSTERS 1
#endif

namespace restem::kernels::device {

constexpr int kWarp = 32;  // threads

// ---- Launches

struct LaunchShape {
  int64_t blocks = 0;
  int threads = 0;
  int64_t shared_bytes = 0;
  int cluster = 1;  // blocks
};

// A thread for each item.
inline LaunchShape ThreadPer(int64_t items, int threads) {
  return {(items + threads - 1) / threads, threads};
}

inline CudaError NameOf(cudaError_t error) {
  return error == cudaSuccess ? nullptr : cudaGetErrorName(error);
}

inline CudaError SetZero(void* data, int64_t bytes, CudaStream stream) {
  return NameOf(cudaMemsetAsync(data, 0, static_cast<size_t>(bytes), stream));
}

struct Limits {
  int64_t shared_bytes = 0;  // that one block may ask for
  int cluster = 1;           // blocks in a cluster at most
};

// Of the current device.
inline CudaError GetLimits(Limits& limits) {
  int device = 0;
  int shared = 0;
  int clusters = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  }
  if (error == cudaSuccess) {
    error = cudaDeviceGetAttribute(&clusters, cudaDevAttrClusterLaunch, device);
  }
  // 8 blocks are what every device with clusters can do.
  limits = {shared, clusters != 0 ? 8 : 1};
  return NameOf(error);
}

// Lets a kernel have more shared memory than every kernel may. The limit is one of the kernel, not
// of the launch: it is always set to the same, whichever thread comes last.
inline CudaError AllowShared(const void* kernel, int64_t bytes) {
  constexpr int64_t kAlways = 48 << 10;
  if (bytes <= kAlways) return nullptr;
  Limits limits;
  if (const CudaError error = GetLimits(limits)) return error;
  return NameOf(cudaFuncSetAttribute(
      kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(limits.shared_bytes)));
}

template <typename... Parameters, typename... Arguments>
CudaError Launch(const LaunchShape& shape,
                 CudaStream stream,
                 void (*kernel)(Parameters...),
                 Arguments&&... arguments) {
  if (shape.blocks == 0) return nullptr;
  if (const CudaError error =
          AllowShared(reinterpret_cast<const void*>(kernel), shape.shared_bytes))
    return error;
  cudaLaunchAttribute cluster = {};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim.x = static_cast<unsigned>(shape.cluster);
  cluster.val.clusterDim.y = 1;
  cluster.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(shape.blocks));
  config.blockDim = dim3(static_cast<unsigned>(shape.threads));
  config.dynamicSmemBytes = static_cast<size_t>(shape.shared_bytes);
  config.stream = stream;
  config.attrs = &cluster;
  config.numAttrs = shape.cluster > 1 ? 1 : 0;
  return NameOf(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}

// ---- Shared memory and clusters

// The block's dynamic shared memory. A macro, since `extern __shared__` has no other spelling.
#ifdef __CUDACC__
#define RESTEM_DYNAMIC_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#else
#define RESTEM_DYNAMIC_SHARED(name) \
  auto* const name = static_cast<unsigned char*>(restem_host_cuda::DynamicShared())
#endif

// A barrier for all threads of the cluster.
__device__ inline void ClusterSync() {
#ifdef RESTEM_CLUSTERS
  cooperative_groups::this_cluster().sync();
#else
  __syncthreads();
#endif
}

// Where another block of the cluster has what this block has at `own`.
template <typename T>
__device__ const T* InBlock(const T* own, [[maybe_unused]] unsigned rank) {
#ifdef RESTEM_CLUSTERS
  return cooperative_groups::this_cluster().map_shared_rank(own, rank);
#else
  return own;
#endif
}

// ---- Vectors and arithmetic

// 16 bytes of logits, read and written at once.
struct alignas(16) Vector {
  uint32_t words[4];
};

template <typename T>
constexpr int kPerVector = 16 / static_cast<int>(sizeof(T));

__device__ inline float FloatOf(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof(x));
  return x;
}

__device__ inline uint32_t BitsOf(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  return bits;
}

__device__ inline void Unpack(const Vector& vector, float (&x)[kPerVector<float>]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) x[i] = FloatOf(vector.words[i]);
}

// A bfloat16 is the upper half of a float.
__device__ inline void Unpack(const Vector& vector, float (&x)[kPerVector<__nv_bfloat16>]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    x[2 * i] = FloatOf(vector.words[i] << 16);
    x[2 * i + 1] = FloatOf(vector.words[i] & 0xffff0000U);
  }
}

__device__ inline Vector Pack(const float (&x)[kPerVector<float>]) {
  return {{BitsOf(x[0]), BitsOf(x[1]), BitsOf(x[2]), BitsOf(x[3])}};
}

__device__ inline uint32_t PackedPair(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  uint32_t word;
  memcpy(&word, &pair, sizeof(word));
  return word;
}

__device__ inline Vector Pack(const float (&x)[kPerVector<__nv_bfloat16>]) {
  Vector vector;
#pragma unroll
  for (int i = 0; i < 4; ++i) vector.words[i] = PackedPair(x[2 * i], x[2 * i + 1]);
  return vector;
}

__device__ inline float ToFloat(float x) { return x; }
__device__ inline float ToFloat(__nv_bfloat16 x) { return __bfloat162float(x); }

constexpr float kLog2E = 1.44269504F;

// 2^x by the hardware; relative error about 2^-22; what is below 2^-126 is 0.
__device__ inline float FastExp2(float x) {
#ifdef __CUDA_ARCH__
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#else
  return exp2f(x);
#endif
}

// e^x; relative error about 2^-22 + |x|·2^-24.
__device__ inline float FastExp(float x) { return FastExp2(x * kLog2E); }

// Four elements at once, in float32. What a call returns is stored by way of a variable: GCC's
// ThreadSanitizer does not see a store of it to memory.
__device__ inline void LoadFour(const float* from, float (&x)[4]) {
  Unpack(*reinterpret_cast<const Vector*>(from), x);
}
__device__ inline void StoreFour(const float (&x)[4], float* to) {
  const Vector vector = Pack(x);
  *reinterpret_cast<Vector*>(to) = vector;
}

struct alignas(8) HalfVector {
  uint32_t words[2];
};

__device__ inline void LoadFour(const __nv_bfloat16* from, float (&x)[4]) {
  const HalfVector half = *reinterpret_cast<const HalfVector*>(from);
#pragma unroll
  for (int i = 0; i < 4; ++i)
    x[i] = FloatOf(i % 2 == 0 ? half.words[i / 2] << 16 : half.words[i / 2] & 0xffff0000U);
}
__device__ inline void StoreFour(const float (&x)[4], __nv_bfloat16* to) {
  const HalfVector half = {{PackedPair(x[0], x[1]), PackedPair(x[2], x[3])}};
  *reinterpret_cast<HalfVector*>(to) = half;
}

template <typename T>
__device__ void AddFour(const T* from, float (&x)[4]) {
  float y[4];
  LoadFour(from, y);
#pragma unroll
  for (int j = 0; j < 4; ++j) x[j] += y[j];
}

__device__ inline void FromFloat(float x, float& y) { y = x; }
__device__ inline void FromFloat(float x, __nv_bfloat16& y) { y = __float2bfloat16(x); }

// launch(an element of the precision).
template <typename Function>
CudaError ForPrecision(Precision precision, Function launch) {
  return precision == Precision::kFloat32 ? launch(float{}) : launch(__nv_bfloat16{});
}

constexpr CudaError kMisaligned = "cudaErrorMisalignedAddress";
constexpr CudaError kNotSupported = "cudaErrorNotSupported";

// Null pointers are aligned.
inline bool AllAligned(std::initializer_list<const void*> pointers) {
  for (const void* pointer : pointers)
    if (reinterpret_cast<uintptr_t>(pointer) % 16 != 0) return false;
  return true;
}

inline bool AlignedForVectors(const void* pointer, int64_t stride, int64_t element_bytes) {
  return reinterpret_cast<uintptr_t>(pointer) % 16 == 0 && stride * element_bytes % 16 == 0;
}

}  // namespace restem::kernels::device
