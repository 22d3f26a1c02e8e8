#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "comm/gpu_collectives.h"

namespace restem {

c10::intrusive_ptr<c10d::Backend> NewNccl(c10::intrusive_ptr<c10d::Store> store,
                                          int rank,
                                          int size) {
  // By itself it would end the process where it waits too long: GpuCollectives breaks off instead,
  // unless the environment has it otherwise.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
  setenv("TORCH_NCCL_ENABLE_MONITORING", "0", /*overwrite=*/0);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::hours(24 * 365);
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(std::move(store), rank, size, options);
}

}  // namespace restem
