// An engine for GPUs whose model is in parts: NCCL between the ranks.
#include <ATen/ops/from_blob.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <utility>

#include "sampler/cuda/engine.h"
#include "sampler/new_engine.h"

namespace restem {
namespace {

class NcclParts final : public cuda::DeviceParts {
 public:
  explicit NcclParts(std::shared_ptr<Group> group)
      : group_(std::move(group)), device_(at::kCUDA, c10::cuda::current_device()) {}

  absl::Status sum(kernels::Precision precision,
                   void* data,
                   int64_t count,
                   cudaStream_t stream) override {
    const auto type = precision == kernels::Precision::kFloat32 ? at::kFloat : at::kBFloat16;
    const c10::cuda::CUDAStreamGuard current(on(stream));
    return group_->all_reduce(tensor(data, count, type));
  }

  absl::Status gather(void* whole, const void* part, int64_t bytes, cudaStream_t stream) override {
    const c10::cuda::CUDAStreamGuard current(on(stream));
    return group_
        ->all_gather(tensor(whole, group_->size() * bytes, at::kByte),
                     tensor(const_cast<void*>(part), bytes, at::kByte))
        .wait();
  }

  absl::Status check() override { return group_->check(); }

 private:
  c10::Stream on(cudaStream_t stream) const {
    return c10::cuda::getStreamFromExternal(stream, device_.index());
  }
  at::Tensor tensor(void* data, int64_t count, at::ScalarType type) const {
    return at::from_blob(data, {count}, at::TensorOptions(type).device(device_));
  }

  const std::shared_ptr<Group> group_;
  const at::Device device_;
};

absl::StatusOr<cuda::GpuParts> FormParts(std::shared_ptr<Group> group) {
  return cuda::FormGpuParts(std::move(group), [](std::shared_ptr<Group> activations) {
    return std::make_shared<NcclParts>(std::move(activations));
  });
}

}  // namespace

absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngineInParts(
    const Model& part,
    std::shared_ptr<const Tokenizer> tokenizer,
    const EngineOptions& options,
    std::shared_ptr<Group> group) {
  const int64_t parts = group->size();
  RESTEM_ASSIGN_OR_RETURN(cuda::GpuParts formed, FormParts(std::move(group)));
  return cuda::CudaEngine::create(part,
                                  std::move(tokenizer),
                                  options,
                                  std::make_unique<cuda::StepFollowers>(std::move(formed)),
                                  parts);
}

absl::Status ServeCudaParts(const Model& part, std::shared_ptr<Group> group) {
  const int64_t parts = group->size();
  RESTEM_ASSIGN_OR_RETURN(const cuda::GpuParts formed, FormParts(std::move(group)));
  RESTEM_ASSIGN_OR_RETURN(const cuda::DeviceModel model, cuda::UploadModel(part, parts));
  return cuda::FollowSteps(model, formed);
}

}  // namespace restem
