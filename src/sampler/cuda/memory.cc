#include "sampler/cuda/memory.h"

#include <fmt/format.h>

namespace restem::cuda {

absl::Status Check(kernels::CudaError error, std::string_view what) {
  if (error == nullptr) return absl::OkStatus();
  return Failed(fmt::format("CUDA: {} failed with {}", what, error));
}

absl::Status Check(cudaError_t error, std::string_view what) {
  return Check(error == cudaSuccess ? nullptr : cudaGetErrorName(error), what);
}

absl::StatusOr<DeviceBuffer> AllocateDevice(int64_t bytes, std::string_view what) {
  void* data = nullptr;
  const cudaError_t error = cudaMalloc(&data, static_cast<size_t>(bytes));
  RESTEM_RETURN_IF_ERROR(Check(error, fmt::format("allocating {} bytes for {}", bytes, what)));
  return DeviceBuffer(data, bytes);
}

absl::StatusOr<PinnedBuffer> AllocatePinned(int64_t bytes, std::string_view what) {
  void* data = nullptr;
  const cudaError_t error = cudaMallocHost(&data, static_cast<size_t>(bytes));
  RESTEM_RETURN_IF_ERROR(
      Check(error, fmt::format("allocating {} pinned bytes for {}", bytes, what)));
  return PinnedBuffer(data, bytes);
}

absl::Status Upload(const void* from, int64_t bytes, void* to) {
  if (bytes == 0) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(
      Check(cudaMemcpyAsync(
                to, from, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, /*stream=*/nullptr),
            "copying to the GPU"));
  return Check(cudaStreamSynchronize(nullptr), "copying to the GPU");
}

absl::StatusOr<Stream> NewStream() {
  cudaStream_t stream = nullptr;
  RESTEM_RETURN_IF_ERROR(
      Check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream"));
  return Stream(stream);
}

absl::StatusOr<Event> NewEvent() {
  cudaEvent_t event = nullptr;
  RESTEM_RETURN_IF_ERROR(
      Check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "making an event"));
  return Event(event);
}

absl::StatusOr<int64_t> FreeDeviceMemory() {
  size_t free = 0;
  size_t total = 0;
  RESTEM_RETURN_IF_ERROR(Check(cudaMemGetInfo(&free, &total), "asking for free memory"));
  return static_cast<int64_t>(free);
}

}  // namespace restem::cuda
