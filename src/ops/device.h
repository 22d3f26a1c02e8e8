// What a process does about the GPU that it computes on; nothing for the CPU.
#pragma once

#include <ATen/core/Tensor.h>

namespace restem {

// LibTorch's operators from here on give the same bits for the same input, or throw.
void ComputeRepeatably(at::Device device);

// Gives memory that LibTorch keeps for later back to the GPU, for those who ask the driver.
void ReturnCachedMemory(at::Device device);

// Most bytes that LibTorch has had in use at a time on the GPU; 0 for the CPU.
int64_t PeakDeviceBytes(at::Device device);

}  // namespace restem
