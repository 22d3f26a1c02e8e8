// Memory of the device that the CUDA kernels run on: a GPU's, or the host's where they run on
// tests/support/cuda_on_host.
#pragma once

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <vector>

#include "support/require_gpu.h"

namespace restem::testing {

// Whether kernels can run; on a machine without a GPU tests skip.
inline bool HasDevice() {
  int devices = 0;
  return FoundOrNotRequired(cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0);
}

template <typename T>
class DeviceArray {
 public:
  // Memory that holds anything: on the host executor NaN.
  explicit DeviceArray(size_t size) : size_(size) {
    EXPECT_EQ(cudaMalloc(&data_, bytes()), cudaSuccess);
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    EXPECT_EQ(cudaMemcpyAsync(data_, values.data(), bytes(), cudaMemcpyHostToDevice, nullptr),
              cudaSuccess);
  }
  ~DeviceArray() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return data_; }
  size_t bytes() const { return size_ * sizeof(T); }

  // What the device has there once all its work is done.
  std::vector<T> host() const {
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    std::vector<T> values(size_);
    EXPECT_EQ(cudaMemcpyAsync(values.data(), data_, bytes(), cudaMemcpyDeviceToHost, nullptr),
              cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    return values;
  }

 private:
  size_t size_;
  T* data_ = nullptr;
};

}  // namespace restem::testing
