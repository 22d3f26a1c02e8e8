#include "ops/device.h"

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <cstdlib>

namespace restem {
namespace {

c10::DeviceAllocator& AllocatorOf(at::Device device) {
  return *c10::getDeviceAllocator(device.type());
}

}  // namespace

// The sums of attention's gradient, and those over rows of an embedding, otherwise go in the order
// in which threads come.
void ComputeRepeatably(at::Device device) {
  if (device.is_cpu()) return;
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
}

void ReturnCachedMemory(at::Device device) {
  if (!device.is_cpu()) AllocatorOf(device).emptyCache();
}

void StartPeakDeviceBytes(at::Device device) {
  if (!device.is_cpu()) AllocatorOf(device).resetPeakStats(0);
}

int64_t PeakDeviceBytes(at::Device device) {
  if (device.is_cpu()) return 0;
  const auto stats = AllocatorOf(device).getDeviceStats(0);
  return stats.allocated_bytes[0].peak;
}

}  // namespace restem
