#include "sampler/batch_engine.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/shutdown.h"
#include "sampler/lane.h"
#include "sampler/shared_prefix.h"

namespace restem {
namespace {

absl::Status CheckRequests(std::span<const SampleRequest> requests, const ModelConfig& config) {
  for (const SampleRequest& request : requests) {
    const size_t length = request.prompt_tokens.size();
    if (length == 0)
      return InvalidInput(fmt::format("problem {}: the prompt has no tokens", request.problem));
    if (!config.holds_prompt(length)) {
      return InvalidInput(
          fmt::format("problem {}: the prompt has {} tokens, the model's context holds {}; shorten "
                      "the prompt or drop the problem",
                      request.problem,
                      length,
                      config.max_position_embeddings));
    }
    for (const int32_t token : request.prompt_tokens) {
      if (token < 0 || token >= config.vocab_size) {
        return InvalidInput(
            fmt::format("problem {}: prompt token {} is outside the model's vocabulary of {}",
                        request.problem,
                        token,
                        config.vocab_size));
      }
    }
  }
  return absl::OkStatus();
}

// Pages that the longest sample of a request may come to hold, its prompt's own last one included.
int64_t MostPages(const SampleRequest& request,
                  const SamplingParams& params,
                  const ModelConfig& config) {
  const auto length = static_cast<int64_t>(request.prompt_tokens.size());
  return PagesFor(std::min(length + params.max_new_tokens, config.max_position_embeddings)) + 1;
}

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
  const SampleRequest* longest = nullptr;
  int64_t most = 0;
  for (const SampleRequest& request : requests) {
    const int64_t pages = MostPages(request, params, config);
    if (pages > most) longest = &request;
    most = std::max(most, pages);
  }
  const int64_t page_bytes = KvPagePool::page_bytes(config);
  const int64_t bytes = options.kv_cache_bytes.value_or(MachineMemoryBytes() / 2);
  const int64_t affordable = bytes / page_bytes;
  if (affordable < most) {
    return InvalidInput(
        fmt::format("problem {}: its prompt of {} tokens and a completion need up to {} bytes of "
                    "keys and values, kv_cache_memory holds {}",
                    longest->problem,
                    longest->prompt_tokens.size(),
                    most * page_bytes,
                    bytes));
  }
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

KvSequence PrefixOf(const Model& model,
                    std::span<const SampleRequest> requests,
                    int64_t length,
                    int64_t max_rows,
                    KvPagePool& pool) {
  if (length == 0) return KvSequence(pool);
  const c10::InferenceMode inference;
  const std::span<const int32_t> tokens = requests.front().prompt_tokens;
  return ComputePrefix(model, tokens.first(static_cast<size_t>(length)), max_rows, pool);
}

}  // namespace

BatchEngine::BatchEngine(Model model,
                         std::shared_ptr<const Tokenizer> tokenizer,
                         BatchEngineOptions options)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), options_(options) {
  model_.weights = PackedWeights(std::move(model_.weights), /*keep_dense=*/false);
}

absl::StatusOr<GenerationStats> BatchEngine::generate(std::span<const SampleRequest> requests,
                                                      const SamplingParams& params,
                                                      const Sink& sink) {
  RESTEM_RETURN_IF_ERROR(CheckRequests(requests, model_.config));
  RESTEM_ASSIGN_OR_RETURN(const MemoryPlan plan,
                          PlanMemory(requests, params, options_, model_.config));
  const auto start = std::chrono::steady_clock::now();
  KvPagePool pool(model_.config, plan.pages);
  RESTEM_ASSIGN_OR_RETURN(GenerationStats stats,
                          run_lanes(requests, params, plan.lanes, pool, sink));
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

absl::StatusOr<GenerationStats> BatchEngine::run_lanes(std::span<const SampleRequest> requests,
                                                       const SamplingParams& params,
                                                       int64_t lanes,
                                                       KvPagePool& pool,
                                                       const Sink& sink) {
  const int64_t rows = std::max<int64_t>(1, options_.max_rows() / lanes);
  const int64_t shared = SharedPrefixLength(requests);
  const KvSequence prefix = PrefixOf(model_, requests, shared, rows, pool);
  WorkList work(requests, lanes);
  FirstError error;
  std::mutex stats_mutex;
  std::mutex sink_mutex;
  GenerationStats stats;
  stats.prompt_tokens = shared;
  const LaneContext context = {
      .model = model_,
      .tokenizer = *tokenizer_,
      .params = params,
      .pool = pool,
      .prefix = prefix,
      .max_rows = rows,
      .next_unit = [&] { return work.next(); },
      .emit =
          [&](Sample&& sample) {
            const std::lock_guard lock(sink_mutex);
            return sink(std::move(sample));
          },
      .stopped = [&] { return StopRequested() || !error.get().ok(); },
  };
  RunLanes(static_cast<size_t>(lanes), [&](size_t) {
    const c10::InferenceMode inference;
    try {
      Lane lane(context);
      if (absl::Status status = lane.run(); !status.ok()) error.set(status);
      const std::lock_guard lock(stats_mutex);
      stats.add(lane.stats());
    } catch (const std::exception& exception) {  // memory ran out, say: the others must stop too
      error.set(Failed(fmt::format("sampling: {}", exception.what())));
    }
  });
  RESTEM_RETURN_IF_ERROR(error.get());
  RESTEM_RETURN_IF_ERROR(CheckStop());
  return stats;
}

}  // namespace restem
