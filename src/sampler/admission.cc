#include "sampler/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/kv_cache.h"

namespace restem {

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

absl::StatusOr<int64_t> MostPages(std::span<const SampleRequest> requests,
                                  const SamplingParams& params,
                                  const ModelConfig& config,
                                  const KvMemory& memory) {
  const SampleRequest* longest = nullptr;
  int64_t most = 0;
  for (const SampleRequest& request : requests) {
    const auto length = static_cast<int64_t>(request.prompt_tokens.size());
    const int64_t keys = std::min(length + params.max_new_tokens, config.max_position_embeddings);
    const int64_t pages = PagesFor(keys) + 1;
    if (pages > most) longest = &request;
    most = std::max(most, pages);
  }
  if (memory.bytes / memory.page_bytes < most) {
    return InvalidInput(
        fmt::format("problem {}: its prompt of {} tokens and a completion need up to {} bytes of "
                    "keys and values, kv_cache_memory holds {}",
                    longest->problem,
                    longest->prompt_tokens.size(),
                    most * memory.page_bytes,
                    memory.bytes));
  }
  return most;
}

}  // namespace restem
