#include "sampler/batch_engine.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/shutdown.h"
#include "sampler/lane.h"

namespace restem {
namespace {

absl::Status CheckRequests(std::span<const SampleRequest> requests, const ModelConfig& config) {
  for (const SampleRequest& request : requests) {
    const auto length = static_cast<int64_t>(request.prompt_tokens.size());
    if (length == 0)
      return InvalidInput(fmt::format("problem {}: the prompt has no tokens", request.problem));
    if (length >= config.max_position_embeddings) {
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

// Cuts requests into units in order. Where there are few requests for the lanes, a request is split
// between lanes: its prompt is then computed more than once, but no lane idles.
class WorkList {
 public:
  WorkList(std::span<const SampleRequest> requests, int64_t lanes) : requests_(requests) {
    const bool few = static_cast<int64_t>(requests.size()) < 2 * lanes;
    split_ = few ? static_cast<size_t>(lanes) : 1;
  }

  std::optional<WorkUnit> next() {
    std::lock_guard lock(mutex_);
    while (request_ < requests_.size()) {
      const SampleRequest& request = requests_[request_];
      const size_t total = request.samples.size();
      const size_t unit = (total + split_ - 1) / split_;
      if (first_ < total) {
        const size_t count = std::min(unit, total - first_);
        return WorkUnit{
            &request,
            std::span(request.samples).subspan(std::exchange(first_, first_ + count), count)};
      }
      ++request_;
      first_ = 0;
    }
    return std::nullopt;
  }

 private:
  const std::span<const SampleRequest> requests_;
  size_t split_ = 1;
  std::mutex mutex_;
  size_t request_ = 0;
  size_t first_ = 0;
};

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

}  // namespace

BatchEngine::BatchEngine(Model model,
                         std::shared_ptr<const Tokenizer> tokenizer,
                         BatchEngineOptions options)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), options_(options) {}

absl::StatusOr<GenerationStats> BatchEngine::generate(std::span<const SampleRequest> requests,
                                                      const SamplingParams& params,
                                                      const Sink& sink) {
  RESTEM_RETURN_IF_ERROR(CheckRequests(requests, model_.config));
  const auto start = std::chrono::steady_clock::now();
  WorkList work(requests, options_.lanes);
  FirstError error;
  std::mutex stats_mutex;
  std::mutex sink_mutex;
  GenerationStats stats;
  const Lane::Callbacks callbacks = {
      [&] { return work.next(); },
      [&](Sample&& sample) {
        std::lock_guard lock(sink_mutex);
        ++stats.samples;
        return sink(std::move(sample));
      },
      [&] { return StopRequested() || !error.get().ok(); },
  };
  RunLanes(static_cast<size_t>(options_.lanes), [&](size_t) {
    const c10::InferenceMode inference;
    const int64_t rows = std::max<int64_t>(1, options_.max_rows() / options_.lanes);
    try {
      Lane lane(model_, *tokenizer_, params, rows, callbacks);
      if (absl::Status status = lane.run(); !status.ok()) error.set(status);
      std::lock_guard lock(stats_mutex);
      stats.prompt_tokens += lane.prompt_tokens();
      stats.generated_tokens += lane.generated_tokens();
    } catch (const std::exception& exception) {  // memory ran out, say: the others must stop too
      error.set(Failed(fmt::format("sampling: {}", exception.what())));
    }
  });
  RESTEM_RETURN_IF_ERROR(error.get());
  RESTEM_RETURN_IF_ERROR(CheckStop());
  stats.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return stats;
}

}  // namespace restem
