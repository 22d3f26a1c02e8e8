// What nvcc's kernels and launches need, on the CPU. See executor.h for what this covers.
#pragma once

#include <cmath>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_runtime_api.h"
#include "device_functions.h"
#include "executor.h"

// `__shared__` and `__constant__` are left out on purpose. A static array would be one for all
// blocks of a cluster; kernels take all of their shared memory from
// restem_host_cuda::DynamicShared().
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace restem_host_cuda {

// Returns what is wrong with the launch, or runs `call` as each thread, when the stream comes to
// it. Throws KernelError.
cudaError_t LaunchKernel(const cudaLaunchConfig_t& config,
                         const void* kernel,
                         const std::function<void()>& call);

}  // namespace restem_host_cuda

// Each thread gets its own copy of the arguments, made from one conversion to the kernel's types.
template <typename... Parameters, typename... Arguments>
inline cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config,
                                      void (*kernel)(Parameters...),
                                      Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "a GPU gets arguments as bytes");
  const std::tuple<Parameters...> values(std::forward<Arguments>(arguments)...);
  return restem_host_cuda::LaunchKernel(
      *config, reinterpret_cast<const void*>(kernel), [=] { std::apply(kernel, values); });
}

template <typename Kernel>
inline cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute attribute, int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}

template <typename T>
inline cudaError_t cudaMalloc(T** pointer, size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(pointer), bytes);
}
