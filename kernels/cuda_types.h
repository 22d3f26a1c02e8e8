// What headers of CUDA kernels need, without CUDA's own headers.
#pragma once

#include <cstdint>

struct CUstream_st;

namespace restem::kernels {

using CudaStream = CUstream_st*;

// Null where all went well, else the error's name, e.g. "cudaErrorInvalidValue". Launches return
// what is known at launch; what happens on the device later shows at the stream's next
// synchronisation.
using CudaError = const char*;

enum class Precision : int8_t { kFloat32, kBfloat16 };

constexpr int64_t BytesOf(Precision precision) { return precision == Precision::kFloat32 ? 4 : 2; }

namespace cuda {

// Memory that a call may use as it likes, aligned to 256 bytes.
struct Workspace {
  void* data = nullptr;
  int64_t bytes = 0;
};

}  // namespace cuda

}  // namespace restem::kernels
