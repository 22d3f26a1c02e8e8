#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "cuda_runtime.h"
#include "streams.h"

namespace restem_host_cuda {
namespace {

constexpr size_t kSharedPerBlock = 48 * 1024;
constexpr unsigned kThreadsPerBlock = 1024;
constexpr size_t kMallocAlignment = 256;
constexpr unsigned kPortableClusterBlocks = 8;
constexpr unsigned kClusterBlocks = 16;
constexpr size_t kDeviceMemory = size_t{1} << 30;  // as far as anybody asks

thread_local cudaError_t last_error = cudaSuccess;

struct KernelAttributes {
  size_t shared_bytes = kSharedPerBlock;
  bool large_clusters = false;
};

std::mutex attributes_mutex;

std::map<const void*, KernelAttributes>& AttributesOfKernels() {
  static std::map<const void*, KernelAttributes> attributes;
  return attributes;
}

KernelAttributes AttributesOf(const void* kernel) {
  const std::lock_guard lock(attributes_mutex);
  const auto found = AttributesOfKernels().find(kernel);
  return found == AttributesOfKernels().end() ? KernelAttributes{} : found->second;
}

cudaError_t Remember(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

bool IsWithin(const dim3& shape, const dim3& most) {
  return shape.x > 0 && shape.y > 0 && shape.z > 0 && shape.x <= most.x && shape.y <= most.y &&
         shape.z <= most.z;
}

cudaError_t CheckCluster(const dim3& cluster, const dim3& grid, bool large_clusters) {
  if (!GetOptions().clusters) return cudaErrorNotSupported;
  const unsigned most = large_clusters ? kClusterBlocks : kPortableClusterBlocks;
  if (!IsWithin(cluster, {most, most, most}) || cluster.x * cluster.y * cluster.z > most) {
    return cudaErrorInvalidClusterSize;
  }
  const bool divides =
      grid.x % cluster.x == 0 && grid.y % cluster.y == 0 && grid.z % cluster.z == 0;
  return divides ? cudaSuccess : cudaErrorInvalidClusterSize;
}

// Fills in `cluster` too.
cudaError_t CheckLaunch(const cudaLaunchConfig_t& config, const void* kernel, dim3* cluster) {
  const dim3& block = config.blockDim;
  if (!IsWithin(config.gridDim, {0x7FFFFFFF, 65535, 65535}) ||
      !IsWithin(block, {kThreadsPerBlock, kThreadsPerBlock, 64}) ||
      block.x * block.y * block.z > kThreadsPerBlock) {
    return cudaErrorInvalidConfiguration;
  }
  const KernelAttributes attributes = AttributesOf(kernel);
  if (config.dynamicSmemBytes > attributes.shared_bytes) return cudaErrorInvalidValue;
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == cudaLaunchAttributeIgnore) continue;
    if (attribute.id != cudaLaunchAttributeClusterDimension) return cudaErrorNotSupported;
    const auto& size = attribute.val.clusterDim;
    *cluster = dim3(size.x, size.y, size.z);
    const cudaError_t error = CheckCluster(*cluster, config.gridDim, attributes.large_clusters);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t LaunchKernel(const cudaLaunchConfig_t& config,
                         const void* kernel,
                         const std::function<void()>& call) {
  dim3 cluster;
  const cudaError_t error = CheckLaunch(config, kernel, &cluster);
  if (error != cudaSuccess) return Remember(error);
  const LaunchShape shape = {config.gridDim, config.blockDim, cluster, config.dynamicSmemBytes};
  Enqueue(config.stream, [shape, call] { RunGrid(shape, call); });
  return cudaSuccess;
}

}  // namespace restem_host_cuda

using restem_host_cuda::GetOptions;
using restem_host_cuda::Remember;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorNotSupported:
      return "cudaErrorNotSupported";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorInvalidClusterSize:
      return "cudaErrorInvalidClusterSize";
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() {
  const cudaError_t error = restem_host_cuda::last_error;
  restem_host_cuda::last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return restem_host_cuda::last_error; }

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  if (!pointer) return Remember(cudaErrorInvalidValue);
  *pointer = nullptr;
  if (restem_host_cuda::IsCapturing()) return Remember(cudaErrorStreamCaptureUnsupported);
  if (bytes == 0) return cudaSuccess;
  if (posix_memalign(pointer, restem_host_cuda::kMallocAlignment, bytes) != 0) {
    return Remember(cudaErrorMemoryAllocation);
  }
  std::memset(*pointer, 0xFF, bytes);
  return cudaSuccess;
}

cudaError_t cudaFree(void* pointer) {
  if (restem_host_cuda::IsCapturing()) return Remember(cudaErrorStreamCaptureUnsupported);
  std::free(pointer);
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) { return cudaMalloc(pointer, bytes); }

cudaError_t cudaFreeHost(void* pointer) { return cudaFree(pointer); }

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = *total = restem_host_cuda::kDeviceMemory;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  restem_host_cuda::RunAllStreams();
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (!value || device != 0) return Remember(cudaErrorInvalidValue);
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = restem_host_cuda::kThreadsPerBlock;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = restem_host_cuda::kSharedPerBlock;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = GetOptions().multiprocessors;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = GetOptions().shared_per_block_optin;
      return cudaSuccess;
    case cudaDevAttrClusterLaunch:
      *value = GetOptions().clusters;
      return cudaSuccess;
  }
  return Remember(cudaErrorInvalidValue);
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  const std::lock_guard lock(restem_host_cuda::attributes_mutex);
  auto& attributes = restem_host_cuda::AttributesOfKernels()[kernel];
  switch (attribute) {
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
      if (value < 0 || static_cast<size_t>(value) > GetOptions().shared_per_block_optin) break;
      attributes.shared_bytes = value;
      return cudaSuccess;
    case cudaFuncAttributeNonPortableClusterSizeAllowed:
      attributes.large_clusters = value != 0;
      return cudaSuccess;
  }
  return Remember(cudaErrorInvalidValue);
}
