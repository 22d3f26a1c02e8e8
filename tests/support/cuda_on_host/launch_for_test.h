// A launch in few words, for tests of kernels.
#pragma once

#include <utility>

#include "cuda_runtime.h"

namespace restem_host_cuda {

class LaunchForTest {
 public:
  LaunchForTest(dim3 grid, dim3 block, size_t shared_bytes = 0, dim3 cluster = {}) {
    attribute_.id = cudaLaunchAttributeClusterDimension;
    attribute_.val.clusterDim.x = cluster.x;
    attribute_.val.clusterDim.y = cluster.y;
    attribute_.val.clusterDim.z = cluster.z;
    config_.gridDim = grid;
    config_.blockDim = block;
    config_.dynamicSmemBytes = shared_bytes;
  }

  template <typename... Parameters, typename... Arguments>
  cudaError_t operator()(void (*kernel)(Parameters...), Arguments&&... arguments) {
    config_.attrs = &attribute_;
    config_.numAttrs = 1;
    return cudaLaunchKernelEx(&config_, kernel, std::forward<Arguments>(arguments)...);
  }

 private:
  cudaLaunchAttribute attribute_ = {};
  cudaLaunchConfig_t config_ = {};
};

}  // namespace restem_host_cuda
