// What a process does about the GPU that it computes on; nothing for the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// LibTorch's operators from here on give the same bits for the same input, or throw.
void ComputeRepeatably(at::Device device);

// Gives memory that LibTorch keeps for later back to the GPU, for those who ask the driver.
void ReturnCachedMemory(at::Device device);

// Most bytes of tensors that were on the GPU at a time since the last call of the first function; 0
// for the CPU. Something must be on the GPU already.
void StartPeakDeviceBytes(at::Device device);
int64_t PeakDeviceBytes(at::Device device);

}  // namespace restem
