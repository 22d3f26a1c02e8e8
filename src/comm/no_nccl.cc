// Stands for nccl.cc in builds without CUDA, where no tensor can be on a GPU.
#include <c10/util/Exception.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include "comm/gpu_collectives.h"

namespace restem {

c10::intrusive_ptr<c10d::Backend> NewNccl(c10::intrusive_ptr<c10d::Store>, int, int) {
  TORCH_CHECK(false, "this build has no CUDA; configure with -DRESTEM_CUDA=ON");
}

}  // namespace restem
