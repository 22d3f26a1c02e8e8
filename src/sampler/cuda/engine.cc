#include "sampler/cuda/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/shutdown.h"
#include "sampler/admission.h"
#include "sampler/cuda/scheduler.h"
#include "sampler/shared_prefix.h"

namespace restem::cuda {
namespace {

constexpr int64_t kAutoRows = 1024;  // of a step, half of them samples

// The largest step that the requests can come to. Where all steps are as large, none has more rows
// than it may; else one without samples may have as many prompt rows.
StepShape LargestStep(std::span<const SampleRequest> requests,
                      const SamplingParams& params,
                      const ModelConfig& config,
                      int64_t rows,
                      bool same_shape) {
  size_t prompt = 1;
  for (const SampleRequest& request : requests)
    prompt = std::max(prompt, request.prompt_tokens.size());
  const int64_t keys = std::min(static_cast<int64_t>(prompt) + params.max_new_tokens,
                                config.max_position_embeddings);
  const int64_t drawing = std::max<int64_t>(1, rows / 2);
  return {.drawing = drawing,
          .feeding = same_shape ? std::max<int64_t>(1, rows - drawing) : rows,
          .max_keys = keys};
}

// Pages that the memory left by weights and activations has room for.
absl::StatusOr<int64_t> PlanPages(std::span<const SampleRequest> requests,
                                  const SamplingParams& params,
                                  const DeviceModel& model,
                                  const StepShape& most,
                                  std::optional<int64_t> kv_cache_bytes,
                                  StepFollowers* followers) {
  constexpr double kShare = 0.9;  // the rest is for graphs, kernels and the driver
  KvMemory memory = {kv_cache_bytes.value_or(0), DeviceKvPages::page_bytes(model)};
  int64_t free = 0;
  if (!kv_cache_bytes) {
    RESTEM_ASSIGN_OR_RETURN(free, FreeDeviceMemory());
    if (followers != nullptr) {
      RESTEM_ASSIGN_OR_RETURN(free, followers->least_free(free));
    }
    const int64_t left = free - StepRunner::DeviceBytes(model, most);
    memory.bytes = static_cast<int64_t>(kShare * static_cast<double>(std::max<int64_t>(0, left)));
  }
  const auto pages = MostPages(requests, params, model.config, memory);
  if (!pages.ok() && !kv_cache_bytes) {
    return Failed(
        fmt::format("device: cuda: of {} free bytes of the GPU's memory, {} are left for keys and "
                    "values, too few for one sample; a smaller batch_tokens leaves more",
                    free,
                    memory.bytes));
  }
  RESTEM_RETURN_IF_ERROR(pages.status());
  // More than all samples that run and as many prompts can fill is never used.
  return std::min(memory.bytes / memory.page_bytes, 2 * *pages * (most.drawing + 1));
}

// Computes the keys that all prompts begin with.
absl::StatusOr<KvSequence> FeedPrefix(std::span<const SampleRequest> requests,
                                      int64_t length,
                                      int64_t max_rows,
                                      StepRunner& runner,
                                      KvPagePool& pool) {
  KvSequence prefix(pool);
  prefix.reserve(length);
  PlannedStep step;
  while (prefix.keys() < length && !StopRequested()) {
    const int64_t first = prefix.keys();
    const int64_t count = std::min(max_rows, length - first);
    step.clear();
    step.feed({prefix.pages(), PagesFor(length)},
              std::span(requests.front().prompt_tokens)
                  .subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
              first);
    RESTEM_RETURN_IF_ERROR(runner.launch(step));
    RESTEM_RETURN_IF_ERROR(runner.collect().status());
    prefix.set_keys(first + count);
  }
  return prefix;
}

// What prompts are checked against: a part has fewer rows of the embedding than there are tokens.
ModelConfig WholeConfig(const DeviceModel& model) {
  ModelConfig config = model.config;
  config.vocab_size = model.vocabulary;
  return config;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CudaEngine>> CudaEngine::create(
    const Model& model,
    std::shared_ptr<const Tokenizer> tokenizer,
    const EngineOptions& options,
    std::unique_ptr<StepFollowers> followers,
    int64_t parts) {
  RESTEM_RETURN_IF_ERROR(CheckCudaDevice());
  RESTEM_ASSIGN_OR_RETURN(DeviceModel on_device, UploadModel(model, parts));
  return std::unique_ptr<CudaEngine>(
      new CudaEngine(std::move(on_device), std::move(tokenizer), options, std::move(followers)));
}

CudaEngine::CudaEngine(DeviceModel model,
                       std::shared_ptr<const Tokenizer> tokenizer,
                       const EngineOptions& options,
                       std::unique_ptr<StepFollowers> followers)
    : model_(std::move(model)),
      whole_(WholeConfig(model_)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      followers_(std::move(followers)) {}

absl::StatusOr<Generation> CudaEngine::plan(std::span<const SampleRequest> requests,
                                            const SamplingParams& params) const {
  const int64_t rows = options_.batch_tokens.value_or(kAutoRows);
  Generation generation;
  generation.params = params;
  generation.same_shape = options_.deterministic;
  generation.most = LargestStep(requests, params, whole_, rows, options_.deterministic);
  RESTEM_ASSIGN_OR_RETURN(
      generation.pages,
      PlanPages(
          requests, params, model_, generation.most, options_.kv_cache_bytes, followers_.get()));
  return generation;
}

absl::StatusOr<GenerationStats> CudaEngine::generate(std::span<const SampleRequest> requests,
                                                     const SamplingParams& params,
                                                     const Sink& sink,
                                                     const More& more) {
  RESTEM_RETURN_IF_ERROR(CheckRequests(requests, whole_));
  const auto start = std::chrono::steady_clock::now();
  RESTEM_ASSIGN_OR_RETURN(const Generation generation, plan(requests, params));
  if (followers_ != nullptr) RESTEM_RETURN_IF_ERROR(followers_->begin(generation));
  auto stats = draw(generation, requests, sink, more);
  if (followers_ != nullptr) {
    const absl::Status ended = followers_->end();
    RESTEM_RETURN_IF_ERROR(CheckStop());  // the others hear a signal, too
    RESTEM_RETURN_IF_ERROR(ended);
  }
  RESTEM_RETURN_IF_ERROR(stats.status());
  stats->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

absl::StatusOr<GenerationStats> CudaEngine::draw(const Generation& generation,
                                                 std::span<const SampleRequest> requests,
                                                 const Sink& sink,
                                                 const More& more) {
  const StepShape& most = generation.most;
  RESTEM_ASSIGN_OR_RETURN(const Stream stream, NewStream());
  RESTEM_ASSIGN_OR_RETURN(
      const std::unique_ptr<DeviceKvPages> pages,
      DeviceKvPages::create(model_, generation.pages, stream.get(), followers_.get()));
  RESTEM_ASSIGN_OR_RETURN(
      const std::unique_ptr<StepRunner> runner,
      StepRunner::create(model_,
                         *pages,
                         {.most = most,
                          .params = generation.params,
                          .same_shape = generation.same_shape,
                          .parts = followers_ == nullptr ? nullptr : &followers_->device(),
                          .followers = followers_.get()},
                         stream.get()));
  const int64_t shared = SharedPrefixLength(requests);
  RESTEM_ASSIGN_OR_RETURN(const KvSequence prefix,
                          FeedPrefix(requests, shared, most.feeding, *runner, *pages));
  WorkList work(requests, /*lanes=*/1, more);
  Scheduler scheduler({.config = whole_,
                       .tokenizer = *tokenizer_,
                       .params = generation.params,
                       .pool = *pages,
                       .prefix = prefix,
                       .runner = *runner,
                       .max_drawing = most.drawing,
                       .max_feeding = most.feeding,
                       .max_rows = options_.batch_tokens.value_or(kAutoRows),
                       .work = work,
                       .emit = sink});
  RESTEM_RETURN_IF_ERROR(scheduler.run());
  RESTEM_RETURN_IF_ERROR(CheckStop());
  GenerationStats stats = scheduler.stats();
  stats.prompt_tokens += shared;
  return stats;
}

}  // namespace restem::cuda

namespace restem {

absl::StatusOr<std::unique_ptr<SamplingEngine>> NewCudaEngine(
    const Model& model, std::shared_ptr<const Tokenizer> tokenizer, const EngineOptions& options) {
  return cuda::CudaEngine::create(model, std::move(tokenizer), options);
}

absl::Status CheckCudaDevice() {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error == cudaSuccess && devices > 0) return absl::OkStatus();
  return InvalidInput(
      fmt::format("device: cuda: CUDA finds no GPU on this machine ({}); set it to cpu or auto",
                  error == cudaSuccess ? "no devices" : cudaGetErrorName(error)));
}

}  // namespace restem
