// The sampling engine of a GPU: one batch, one step ahead of the host.
#pragma once

#include <memory>

#include "sampler/cuda/device_model.h"
#include "sampler/cuda/step_followers.h"
#include "sampler/engine.h"
#include "sampler/new_engine.h"
#include "text/tokenizer.h"

namespace restem::cuda {

class CudaEngine final : public SamplingEngine {
 public:
  // Copies the weights to the current device. InvalidInput where there is none, or its kernels
  // do not take the model; Failed where memory is short.
  // `followers`: of a model in parts, of which `model` is the first rank's.
  static absl::StatusOr<std::unique_ptr<CudaEngine>> create(
      const Model& model,
      std::shared_ptr<const Tokenizer> tokenizer,
      const EngineOptions& options,
      std::unique_ptr<StepFollowers> followers = nullptr,
      int64_t parts = 1);

  using SamplingEngine::generate;
  absl::StatusOr<GenerationStats> generate(std::span<const SampleRequest> requests,
                                           const SamplingParams& params,
                                           const Sink& sink,
                                           const More& more) override;

 private:
  CudaEngine(DeviceModel model,
             std::shared_ptr<const Tokenizer> tokenizer,
             const EngineOptions& options,
             std::unique_ptr<StepFollowers> followers);
  absl::StatusOr<Generation> plan(std::span<const SampleRequest> requests,
                                  const SamplingParams& params) const;
  absl::StatusOr<GenerationStats> draw(const Generation& generation,
                                       std::span<const SampleRequest> requests,
                                       const Sink& sink,
                                       const More& more);

  const DeviceModel model_;
  const ModelConfig whole_;
  const std::shared_ptr<const Tokenizer> tokenizer_;
  const EngineOptions options_;
  const std::unique_ptr<StepFollowers> followers_;  // null: the model is whole
};

}  // namespace restem::cuda
