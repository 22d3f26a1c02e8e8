// A step on the GPU: model/decoder.h's forward over paged keys, and draws from its logits, as a
// sequence of kernels that never waits for the host.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>

#include "sampler/cuda/device_model.h"
#include "sampler/cuda/device_parts.h"
#include "sampler/cuda/kv_pages.h"
#include "sampler/cuda/step_input.h"
#include "sampler/cuda/step_room.h"

namespace restem::cuda {

// How tokens are drawn, and which of them end a sample.
struct DrawRule {
  kernels::SamplingRule sampling;
  const int32_t* end_tokens = nullptr;  // [end_count] in the GPU's memory
  int64_t end_count = 0;
};

// What all steps of a run have in common.
struct DecoderContext {
  const DeviceModel& model;
  const DeviceKvPages& pages;
  StepRoom room;
  DrawRule rule;
  DeviceParts* parts = nullptr;                             // null: the model is whole
  std::function<void(const char* kernel)> watch = nullptr;  // told of each launch; for profiles
};

// Launches all kernels of a step: the keys of all rows are stored, the tokens of the first ones
// drawn into the room. `input` is in the GPU's memory. What is launched depends on the context,
// the shape and the input's pointers alone.
absl::Status LaunchStep(const DecoderContext& context,
                        const StepShape& shape,
                        const StepInput& input,
                        cudaStream_t stream);

}  // namespace restem::cuda
