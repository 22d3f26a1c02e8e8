// Stands in for cuda/engine.cc and cuda_parts.cc in builds without CUDA.
#include "sampler/new_engine.h"

namespace restem {

absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngine(const Model&,
                                                              std::shared_ptr<const Tokenizer>,
                                                              const EngineOptions&) {
  return CheckCudaDevice();
}

absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngineInParts(
    const Model&, std::shared_ptr<const Tokenizer>, const EngineOptions&, std::shared_ptr<Group>) {
  return CheckCudaDevice();
}

absl::Status ServeCudaParts(const Model&, std::shared_ptr<Group>) { return CheckCudaDevice(); }

absl::Status CheckCudaDevice() {
  return InvalidInput(
      "device: cuda needs a build with CUDA, and this is one without (cmake --preset cuda makes "
      "one); set it to cpu or auto");
}

}  // namespace restem
