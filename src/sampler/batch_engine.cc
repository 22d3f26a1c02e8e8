#include "sampler/batch_engine.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/shutdown.h"
#include "model/packed_weights.h"
#include "sampler/admission.h"
#include "sampler/lane.h"
#include "sampler/shared_prefix.h"

namespace restem {
namespace {

// What the page pool holds and how many lanes can work on it without waiting for ever: each must be
// able to finish one sample.
struct MemoryPlan {
  int64_t pages = 0;
  int64_t lanes = 0;
};

absl::StatusOr<MemoryPlan> PlanMemory(std::span<const SampleRequest> requests,
                                      const SamplingParams& params,
                                      const BatchEngineOptions& options,
                                      const ModelConfig& config) {
  const KvMemory memory = {options.kv_cache_bytes.value_or(MachineMemoryBytes() / 2),
                           CpuKvPages::page_bytes(config)};
  RESTEM_ASSIGN_OR_RETURN(const int64_t most, MostPages(requests, params, config, memory));
  const int64_t affordable = memory.bytes / memory.page_bytes;
  // More than all rows of all lanes can fill is never used.
  const int64_t useful = most * (options.max_rows() + 2 * options.lanes);
  return MemoryPlan{std::min(affordable, useful),
                    most == 0 ? options.lanes : std::min(options.lanes, affordable / most)};
}

// The first error of any lane; the others stop at their next step.
class FirstError {
 public:
  void set(const absl::Status& status) {
    std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = status;
  }
  absl::Status get() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status status_;
};

absl::Status ErrorOf(const std::exception& exception) {
  return Failed(fmt::format("sampling: {}", exception.what()));
}

absl::StatusOr<KvSequence> PrefixOf(const Model& model,
                                    std::span<const SampleRequest> requests,
                                    int64_t length,
                                    int64_t max_rows,
                                    CpuKvPages& pool) {
  if (length == 0) return KvSequence(pool);
  const c10::InferenceMode inference;
  const std::span<const int32_t> tokens = requests.front().prompt_tokens;
  try {
    return ComputePrefix(model, tokens.first(static_cast<size_t>(length)), max_rows, pool);
  } catch (const std::exception& exception) {
    return ErrorOf(exception);
  }
}

absl::StatusOr<GenerationStats> RunLane(const LaneContext& context, const Model& model) {
  const c10::InferenceMode inference;
  try {
    Lane lane(context, model);
    RESTEM_RETURN_IF_ERROR(lane.run());
    return lane.stats();
  } catch (const std::exception& exception) {  // memory ran out, say: the others must stop too
    return ErrorOf(exception);
  }
}

// What prompts are checked against: a part has fewer rows of the embedding than there are tokens.
ModelConfig WholeConfig(const Model& model) {
  ModelConfig config = model.config;
  if (model.vocabulary > 0) config.vocab_size = model.vocabulary;
  return config;
}

BatchEngineOptions WithLanes(BatchEngineOptions options, const LeadingParts* parts) {
  if (parts != nullptr) options.lanes = parts->lanes();
  return options;
}

}  // namespace

BatchEngine::BatchEngine(Model model,
                         std::shared_ptr<const Tokenizer> tokenizer,
                         BatchEngineOptions options,
                         std::unique_ptr<LeadingParts> parts)
    : model_(std::move(model)),
      whole_(WholeConfig(model_)),
      tokenizer_(std::move(tokenizer)),
      options_(WithLanes(options, parts.get())),
      parts_(std::move(parts)) {
  model_.weights =
      PackedWeights(model_.config, std::move(model_.weights), /*keep_dense=*/false, options_.lanes);
}

absl::StatusOr<GenerationStats> BatchEngine::generate(std::span<const SampleRequest> requests,
                                                      const SamplingParams& params,
                                                      const Sink& sink,
                                                      const More& more) {
  RESTEM_RETURN_IF_ERROR(CheckRequests(requests, whole_));
  RESTEM_ASSIGN_OR_RETURN(const MemoryPlan plan,
                          PlanMemory(requests, params, options_, model_.config));
  const auto start = std::chrono::steady_clock::now();
  if (parts_ != nullptr) RESTEM_RETURN_IF_ERROR(parts_->begin(plan.lanes, plan.pages));
  const auto pool = parts_ != nullptr ? parts_->new_pages(model_.config, plan.pages)
                                      : std::make_unique<CpuKvPages>(model_.config, plan.pages);
  auto stats = run_lanes(requests, params, plan.lanes, *pool, sink, more);
  if (parts_ != nullptr) {
    parts_->end_pages();
    // Others hear a signal, too, and may be gone before this one has.
    RESTEM_RETURN_IF_ERROR(CheckStop());
    RESTEM_RETURN_IF_ERROR(parts_->failure());
  }
  RESTEM_RETURN_IF_ERROR(stats.status());
  stats->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

// Each lane hears of the ranks with other parts by itself.
Model BatchEngine::lane_model(size_t lane) const {
  Model model = model_;
  if (parts_ != nullptr) model.parts = parts_->lane(lane);
  return model;
}

absl::StatusOr<GenerationStats> BatchEngine::run_lanes(std::span<const SampleRequest> requests,
                                                       const SamplingParams& params,
                                                       int64_t lanes,
                                                       CpuKvPages& pool,
                                                       const Sink& sink,
                                                       const More& more) {
  const int64_t rows = std::max<int64_t>(1, options_.max_rows() / lanes);
  const int64_t shared = SharedPrefixLength(requests);
  RESTEM_ASSIGN_OR_RETURN(const KvSequence prefix,
                          PrefixOf(lane_model(0), requests, shared, rows, pool));
  WorkList work(requests, lanes, more);
  FirstError error;
  const auto stopped = [&] { return StopRequested() || !error.get().ok(); };
  Handover handover(lanes, stopped);
  std::mutex stats_mutex;
  std::mutex sink_mutex;
  GenerationStats stats;
  stats.prompt_tokens = shared;
  const LaneContext context = {
      .config = whole_,
      .tokenizer = *tokenizer_,
      .params = params,
      .pool = pool,
      .prefix = prefix,
      .max_rows = rows,
      .next_unit = [&] { return work.next(); },
      .handover = handover,
      .emit =
          [&](Sample&& sample) {
            const std::lock_guard lock(sink_mutex);
            return sink(std::move(sample));
          },
      .stopped = stopped,
  };
  RunLanes(static_cast<size_t>(lanes), [&](size_t lane) {
    const auto own = RunLane(context, lane_model(lane));
    if (parts_ != nullptr) parts_->end_lane(lane);
    if (!own.ok()) return error.set(own.status());
    const std::lock_guard lock(stats_mutex);
    stats.add(*own);
  });
  RESTEM_RETURN_IF_ERROR(error.get());
  RESTEM_RETURN_IF_ERROR(CheckStop());
  return stats;
}

}  // namespace restem
