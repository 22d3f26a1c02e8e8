// What the engine owns on a GPU: memory, a stream, events; and CUDA's errors as statuses.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <span>
#include <string_view>

#include "base/status.h"
#include "kernels/cuda_types.h"

namespace restem::cuda {

// `what` was being done. Failed, naming the error.
absl::Status Check(kernels::CudaError error, std::string_view what);
absl::Status Check(cudaError_t error, std::string_view what);

struct FreeDevice {
  void operator()(void* data) const { cudaFree(data); }
};
struct FreePinned {
  void operator()(void* data) const { cudaFreeHost(data); }
};

// Bytes that go back when this goes.
template <typename Free>
class Buffer {
 public:
  Buffer() = default;
  Buffer(void* data, int64_t bytes) : data_(data), bytes_(bytes) {}

  int64_t bytes() const { return bytes_; }
  void* data() const { return data_.get(); }
  template <typename T>
  T* as() const {
    return static_cast<T*>(data_.get());
  }

 private:
  std::unique_ptr<void, Free> data_;
  int64_t bytes_ = 0;
};

using DeviceBuffer = Buffer<FreeDevice>;
using PinnedBuffer = Buffer<FreePinned>;  // of the host, for copies that do not wait

// Aligned to 256 bytes. `what` it is for. Failed where there is not so much.
absl::StatusOr<DeviceBuffer> AllocateDevice(int64_t bytes, std::string_view what);
absl::StatusOr<PinnedBuffer> AllocatePinned(int64_t bytes, std::string_view what);

// A copy that is complete when this returns.
absl::Status Upload(const void* from, int64_t bytes, void* to);

template <typename T>
absl::StatusOr<DeviceBuffer> UploadNew(std::span<const T> values, std::string_view what) {
  const auto bytes = static_cast<int64_t>(values.size_bytes());
  RESTEM_ASSIGN_OR_RETURN(DeviceBuffer buffer, AllocateDevice(bytes, what));
  RESTEM_RETURN_IF_ERROR(Upload(values.data(), bytes, buffer.data()));
  return buffer;
}

struct DestroyStream {
  void operator()(CUstream_st* stream) const { cudaStreamDestroy(stream); }
};
using Stream = std::unique_ptr<CUstream_st, DestroyStream>;
absl::StatusOr<Stream> NewStream();

struct DestroyEvent {
  void operator()(CUevent_st* event) const { cudaEventDestroy(event); }
};
using Event = std::unique_ptr<CUevent_st, DestroyEvent>;
absl::StatusOr<Event> NewEvent();

// Of the current device, in bytes.
absl::StatusOr<int64_t> FreeDeviceMemory();

}  // namespace restem::cuda
