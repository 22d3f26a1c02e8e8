// The ranks whose GPUs compute one model together (ops/model_parts.h), as the steps on each see
// them.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "base/status.h"
#include "kernels/cuda_types.h"

namespace restem::cuda {

// All ranks call the same functions in the same order; what they ask for takes its turn on the
// stream.
class DeviceParts {
 public:
  virtual ~DeviceParts() = default;

  // `data` [count] becomes the sum of all ranks', in its precision.
  virtual absl::Status sum(kernels::Precision precision,
                           void* data,
                           int64_t count,
                           cudaStream_t stream) = 0;
  // `whole` [ranks, bytes] becomes the `part` [bytes] of all, rank after rank.
  virtual absl::Status gather(void* whole,
                              const void* part,
                              int64_t bytes,
                              cudaStream_t stream) = 0;
  // Unavailable where a rank was lost since: what the stream has done is of no use.
  virtual absl::Status check() = 0;
};

}  // namespace restem::cuda
