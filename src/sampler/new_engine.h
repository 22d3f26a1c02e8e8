// The engine for the device that a job or a command names.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "comm/group.h"
#include "model/decoder.h"
#include "sampler/engine.h"
#include "text/tokenizer.h"

namespace restem {

struct EngineOptions {
  std::string device = "auto";                 // cpu | cuda | auto, which is cpu
  int64_t lanes = 1;                           // threads on a CPU
  std::optional<int64_t> batch_tokens = {};    // rows of a step; auto: nullopt
  std::optional<int64_t> kv_cache_bytes = {};  // auto: nullopt
  // On a GPU all steps have one shape, so that a sample's bits do not depend on what runs beside
  // it; that is slower. On a CPU they never do.
  bool deterministic = false;
};

// InvalidInput where the device is not there or does not take the model, Failed where its memory is
// short.
absl::StatusOr<std::unique_ptr<SamplingEngine>> NewEngine(
    Model model, std::shared_ptr<const Tokenizer> tokenizer, const EngineOptions& options);

// InvalidInput where `device` is cuda and this build, or this machine, has none.
absl::Status CheckDevice(const std::string& device);

// Of a build with RESTEM_CUDA; without it InvalidInput.
absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngine(
    const Model& model, std::shared_ptr<const Tokenizer> tokenizer, const EngineOptions& options);
absl::Status CheckCudaDevice();

// Of a model in parts (model/part.h), of which each rank of `group` has one: the first rank gets
// the engine, the others call the second function, which returns when the engine goes.
absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngineInParts(
    const Model& part,
    std::shared_ptr<const Tokenizer> tokenizer,
    const EngineOptions& options,
    std::shared_ptr<Group> group);
absl::Status ServeCudaParts(const Model& part, std::shared_ptr<Group> group);

}  // namespace restem
