// What is settled about requests before anything is computed: that the model takes them, and how
// much of the KV cache they can come to need.
#pragma once

#include <span>

#include "model/config.h"
#include "sampler/engine.h"

namespace restem {

// InvalidInput, naming the problem, where a prompt is empty, leaves no room for a completion or has
// tokens outside the vocabulary.
absl::Status CheckRequests(std::span<const SampleRequest> requests, const ModelConfig& config);

struct KvMemory {
  int64_t bytes = 0;       // for keys and values
  int64_t page_bytes = 0;  // of all layers
};

// Pages that the longest sample of any request can come to hold, its prompt's own last one
// included. InvalidInput, naming the problem, where the memory holds fewer.
absl::StatusOr<int64_t> MostPages(std::span<const SampleRequest> requests,
                                  const SamplingParams& params,
                                  const ModelConfig& config,
                                  const KvMemory& memory);

}  // namespace restem
